//! The callbacks of an open file: each finds the default VFS's file behind its own and calls
//! it. Writes, truncations and syncs go through the state's `OpenFile`, reads are counted, the
//! rest only passes. SQLite calls them; `open`, in the parent, hands them out.
//!
//! The parent documents the invariant *file* that the SAFETY comments name.

use super::super::state::OpenFile;
use rusqlite::ffi::{self, sqlite3_file, sqlite3_io_methods};
use std::ffi::{c_int, c_void};
use std::ptr::{null, null_mut};

/// An open file as SQLite sees it. The default VFS's file follows it in the same allocation.
#[repr(C)]
pub(super) struct ShimFile {
    pub(super) base: sqlite3_file,
    pub(super) real: *mut sqlite3_file,
    pub(super) open: *mut OpenFile,
}

/// Version 2: with shared memory for the write-ahead log, without memory-mapped pages.
pub(super) static IO_METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The default VFS's file, its methods, and what the state knows about it.
///
/// # Safety
/// The invariant *file*.
unsafe fn parts<'file>(
    file: *mut sqlite3_file,
) -> (*mut sqlite3_file, &'file sqlite3_io_methods, &'file OpenFile) {
    // SAFETY: by the invariant all three are valid until `close`.
    unsafe {
        let shim = &*file.cast::<ShimFile>();
        (shim.real, &*(*shim.real).pMethods, &*shim.open)
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: *file*; SQLite calls nothing on the file after this, so the box is freed once.
    unsafe {
        let (real, methods, _) = parts(file);
        let code = methods.xClose.map_or(ffi::SQLITE_OK, |call| call(real));
        let shim = file.cast::<ShimFile>();
        drop(Box::from_raw((*shim).open));
        (*shim).open = null_mut();
        (*shim).base.pMethods = null();
        code
    }
}

unsafe extern "C" fn read(file: *mut sqlite3_file, to: *mut c_void, n: c_int, at: i64) -> c_int {
    // SAFETY: *file*; the buffer is passed on as it came.
    unsafe {
        let (real, methods, open) = parts(file);
        open.read(usize::try_from(n).unwrap_or(0));
        methods.xRead.map_or(ffi::SQLITE_IOERR_READ, |call| call(real, to, n, at))
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    from: *const c_void,
    n: c_int,
    at: i64,
) -> c_int {
    // SAFETY: *file*; SQLite passes `n` readable bytes, non-null, that nobody changes meanwhile.
    unsafe {
        let (real, methods, open) = parts(file);
        let Some(call) = methods.xWrite else {
            return ffi::SQLITE_IOERR_WRITE;
        };
        let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(n).unwrap_or(0));
        open.write(bytes, at, || call(real, from, n, at))
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: i64) -> c_int {
    // SAFETY: *file*.
    unsafe {
        let (real, methods, open) = parts(file);
        let Some(call) = methods.xTruncate else {
            return ffi::SQLITE_IOERR_TRUNCATE;
        };
        open.truncate(size, || call(real, size))
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: *file*.
    unsafe {
        let (real, methods, open) = parts(file);
        let Some(call) = methods.xSync else {
            return ffi::SQLITE_IOERR_FSYNC;
        };
        open.sync(|| call(real, flags))
    }
}

unsafe extern "C" fn file_control(file: *mut sqlite3_file, op: c_int, arg: *mut c_void) -> c_int {
    if op == ffi::SQLITE_FCNTL_CHUNK_SIZE {
        // Growth in chunks would lengthen files without a write that the record could see.
        return ffi::SQLITE_NOTFOUND;
    }
    // SAFETY: *file*; the argument is passed on as it came.
    unsafe {
        let (real, methods, _) = parts(file);
        methods.xFileControl.map_or(ffi::SQLITE_NOTFOUND, |call| call(real, op, arg))
    }
}

unsafe extern "C" fn device_characteristics(file: *mut sqlite3_file) -> c_int {
    // SAFETY: *file*.
    let real = unsafe {
        let (real, methods, _) = parts(file);
        methods.xDeviceCharacteristics.map_or(0, |call| call(real))
    };
    // An atomic batch (on F2FS) is a promise that the cut would not keep.
    real & !ffi::SQLITE_IOCAP_BATCH_ATOMIC
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: *file*.
    unsafe {
        let (real, methods, _) = parts(file);
        if let Some(call) = methods.xShmBarrier {
            call(real);
        }
    }
}

/// Callbacks that only pass on: name, method, arguments, and the answer when it is missing.
macro_rules! pass_on {
    ($($name:ident = $method:ident($($arg:ident: $kind:ty),*) else $absent:expr;)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($arg: $kind),*) -> c_int {
            // SAFETY: *file*; the arguments are passed on as they came.
            unsafe {
                let (real, methods, _) = parts(file);
                methods.$method.map_or($absent, |call| call(real, $($arg),*))
            }
        }
    )*};
}

pass_on! {
    file_size = xFileSize(size: *mut i64) else ffi::SQLITE_IOERR_FSTAT;
    lock = xLock(level: c_int) else ffi::SQLITE_IOERR_LOCK;
    unlock = xUnlock(level: c_int) else ffi::SQLITE_IOERR_UNLOCK;
    check_reserved_lock = xCheckReservedLock(out: *mut c_int) else ffi::SQLITE_IOERR_LOCK;
    sector_size = xSectorSize() else 4096;
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void)
        else ffi::SQLITE_IOERR_SHMMAP;
    shm_lock = xShmLock(offset: c_int, n: c_int, flags: c_int) else ffi::SQLITE_IOERR_SHMLOCK;
    shm_unmap = xShmUnmap(delete: c_int) else ffi::SQLITE_OK;
}
