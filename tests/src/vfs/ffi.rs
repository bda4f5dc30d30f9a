//! The unsafe layer: SQLite's C structures and callbacks, as thin as they can be. Every
//! callback finds the default VFS's object beside its own, and calls it; what is counted,
//! recorded or failed is decided in `state`, in safe code. `Shim` registers through here; the
//! VFS's own callbacks stand here, those of open files in `file`.
//!
//! Invariants that the SAFETY comments lean on:
//! - *vfs*: a `sqlite3_vfs` passed to a callback is the one [`Registration::new`] leaked; its
//!   `pAppData` is a leaked [`App`], and `App::real` the default VFS, which SQLite never frees.
//! - *file*: a `sqlite3_file` passed to an I/O callback is a [`ShimFile`] that `open` filled and
//!   `close` has not emptied, with the default VFS's open file behind it in one allocation.
#![allow(unsafe_code, reason = "SQLite's VFS interface is C: raw pointers and callbacks")]

mod file;

use super::state::State;
use file::{IO_METHODS, ShimFile};
use rusqlite::ffi::{self, sqlite3_file, sqlite3_vfs};
use std::ffi::{CStr, CString, OsStr, c_char, c_int};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::{null, null_mut};
use std::sync::{Arc, Mutex, PoisonError};

/// A VFS in SQLite's list; dropping it takes the name off. The structures are leaked, a few
/// hundred bytes a shim, since connections may outlive the registration.
#[derive(Debug)]
pub(super) struct Registration {
    vfs: *mut sqlite3_vfs,
    name: String,
}

// SAFETY: the pointer is only given to sqlite3_vfs_unregister, which locks its list itself, and
// what it points to is never changed by us after registration.
unsafe impl Send for Registration {}
// SAFETY: as above; `&Registration` gives no access to the pointer.
unsafe impl Sync for Registration {}

/// What a registered VFS carries.
struct App {
    real: *mut sqlite3_vfs,
    state: Arc<State>,
}

/// One registration at a time, so that a name is looked up and taken in one step.
static REGISTERING: Mutex<()> = Mutex::new(());

impl Registration {
    pub(super) fn new(name: &str, state: Arc<State>) -> io::Result<Self> {
        let c_name = CString::new(name)?;
        let _guard = REGISTERING.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: a NUL-terminated string; SQLite initialises itself.
        if !unsafe { ffi::sqlite3_vfs_find(c_name.as_ptr()) }.is_null() {
            let text = format!("a VFS named `{name}` is registered already: choose another name");
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
        }
        // SAFETY: a null name asks for the default VFS.
        let real = unsafe { ffi::sqlite3_vfs_find(null()) };
        // SAFETY: SQLite returns null or a VFS that it keeps valid.
        let Some(default) = (unsafe { real.as_ref() }) else {
            return Err(io::Error::other("SQLite has no default VFS"));
        };
        let own = c_int::try_from(size_of::<ShimFile>()).map_err(io::Error::other)?;
        let app = Box::leak(Box::new(App { real, state }));
        let vfs: *mut sqlite3_vfs = Box::leak(Box::new(sqlite3_vfs {
            szOsFile: own + default.szOsFile,
            pNext: null_mut(),
            zName: c_name.into_raw(),
            pAppData: std::ptr::from_mut(app).cast(),
            ..vfs_methods(default)
        }));
        // SAFETY: a complete VFS that is never freed; 0 leaves the default as it is.
        match unsafe { ffi::sqlite3_vfs_register(vfs, 0) } {
            ffi::SQLITE_OK => Ok(Self { vfs, name: name.to_owned() }),
            code => Err(io::Error::other(format!("SQLite refused the VFS `{name}`: code {code}"))),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // SAFETY: registered by `new`; SQLite locks its list. Open connections keep using the
        // leaked structures.
        unsafe { ffi::sqlite3_vfs_unregister(self.vfs) };
    }
}

/// The shim's VFS table over `default`, whose version, path length and missing methods it takes.
fn vfs_methods(default: &sqlite3_vfs) -> sqlite3_vfs {
    sqlite3_vfs {
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        // The others take their VFS only as a formality, in every version of SQLite's own VFSes:
        // dynamic loading, randomness, sleep, time, the last error, and the system calls.
        ..*default
    }
}

/// The default VFS and the state behind `vfs`.
///
/// # Safety
/// The invariant *vfs*.
unsafe fn app<'vfs>(vfs: *mut sqlite3_vfs) -> &'vfs App {
    // SAFETY: by the invariant both pointers are valid for the process's life.
    unsafe { &*(*vfs).pAppData.cast::<App>() }
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let shim = file.cast::<ShimFile>();
    // SAFETY: *vfs*. SQLite allocated szOsFile bytes at `file`, aligned to 8: a ShimFile, and
    // room for the default VFS's file right behind it. `name` is null or NUL-terminated, and is
    // passed on as it came, for SQLite hides parameters behind it.
    unsafe {
        let app = app(vfs);
        let real = shim.add(1).cast::<sqlite3_file>();
        (*real).pMethods = null();
        shim.write(ShimFile { base: sqlite3_file { pMethods: null() }, real, open: null_mut() });
        let path = (!name.is_null()).then(|| path_of(name));
        let Some(real_open) = (*app.real).xOpen else {
            return ffi::SQLITE_CANTOPEN;
        };
        let opened =
            app.state.open(path, flags, || real_open(app.real, name, real, flags, out_flags));
        match opened {
            Ok(open) => {
                (*shim).open = Box::into_raw(Box::new(open));
                (*shim).base.pMethods = &raw const IO_METHODS;
                ffi::SQLITE_OK
            }
            Err(code) => {
                // A file that failed to open is to be closed when it has methods.
                if let Some(real_close) = (*real).pMethods.as_ref().and_then(|m| m.xClose) {
                    real_close(real);
                }
                code
            }
        }
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    // SAFETY: *vfs*; SQLite passes a NUL-terminated name.
    unsafe {
        let app = app(vfs);
        let Some(real_delete) = (*app.real).xDelete else {
            return ffi::SQLITE_IOERR_DELETE;
        };
        app.state.delete(path_of(name), sync & 1 != 0, || real_delete(app.real, name, sync))
    }
}

unsafe extern "C" fn access(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: *vfs*; the arguments are passed on as they came.
    unsafe {
        let real = app(vfs).real;
        (*real).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |call| call(real, name, flags, out))
    }
}

unsafe extern "C" fn full_pathname(
    vfs: *mut sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: *vfs*; the arguments are passed on as they came.
    unsafe {
        let real = app(vfs).real;
        (*real).xFullPathname.map_or(ffi::SQLITE_CANTOPEN, |call| call(real, name, room, out))
    }
}

/// # Safety
/// `name` is NUL-terminated and outlives the result.
unsafe fn path_of<'name>(name: *const c_char) -> &'name Path {
    // SAFETY: the caller's promise.
    Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()))
}
