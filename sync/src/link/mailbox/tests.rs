//! The mailbox's bounds: what waits, who hears of room, what ends with a line.

use super::*;
use std::task::{Context, Poll, Waker};

const LIMITS: Limits = Limits { queue: 4, window: 2, frame_bytes: 100, acknowledges: false };

fn till(thing: &str) -> Route {
    Route::Till { store: "HH01".into(), thing: thing.into() }
}

/// What waits for the session now.
fn waiting(mailbox: &Mailbox) -> Vec<Event> {
    std::iter::from_fn(|| now(mailbox.event())).collect()
}

/// What a future is ready with, without waiting.
fn now<T>(future: impl Future<Output = T>) -> Option<T> {
    match std::pin::pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn up(route: Route) -> Event {
    Event::Up { route, key: None }
}

fn down(route: Route, why: &str) -> Event {
    Event::Down { route, why: why.into() }
}

#[test]
fn full_is_followed_by_room_once_half_is_gone() {
    let mailbox = Mailbox::new();
    let line = mailbox.line(LIMITS);
    assert_eq!(mailbox.send(&till("a"), vec![]), Err(SendError::NotUp(till("a"))));
    assert!(line.up(till("a"), None));
    for number in 0..4 {
        assert_eq!(mailbox.send(&till("a"), vec![number]), Ok(()));
    }
    assert_eq!(mailbox.send(&till("a"), vec![4]), Err(SendError::Full));
    assert_eq!(waiting(&mailbox), [up(till("a"))]);
    assert_eq!(now(line.next_frame()), Some((till("a"), vec![0])));
    assert_eq!(waiting(&mailbox), []);
    assert_eq!(now(line.next_frame()), Some((till("a"), vec![1])));
    assert_eq!(waiting(&mailbox), [Event::Room]);
    assert_eq!(mailbox.send(&till("a"), vec![5]), Ok(()));
    assert_eq!(now(line.next_frame()), Some((till("a"), vec![2])));
    assert_eq!(waiting(&mailbox), []);
}

#[test]
fn too_long_is_refused_before_it_waits() {
    let mailbox = Mailbox::new();
    let line = mailbox.line(LIMITS);
    line.up(Route::Hub, None);
    assert_eq!(mailbox.send(&Route::Hub, vec![0; 101]), Err(SendError::TooLong(101)));
    let longest = crate::wire::MAX_FRAME_BYTES;
    let line = mailbox.line(Limits { frame_bytes: usize::MAX, ..LIMITS });
    line.up(Route::Hub, None);
    assert_eq!(mailbox.send(&Route::Hub, vec![0; longest]), Ok(()));
    assert_eq!(
        mailbox.send(&Route::Hub, vec![0; longest + 1]),
        Err(SendError::TooLong(longest + 1))
    );
}

#[test]
fn an_empty_frame_goes_nowhere() {
    let mailbox = Mailbox::new();
    let line = mailbox.line(LIMITS);
    line.up(Route::Hub, None);
    assert_eq!(mailbox.send(&Route::Hub, vec![]), Ok(()));
    assert_eq!(now(line.next_frame()), None);
}

#[test]
fn the_session_holds_no_more_than_its_window() {
    let mailbox = Mailbox::new();
    let line = mailbox.line(LIMITS);
    line.up(till("a"), None);
    let first = line.deliver(till("a"), vec![1]).unwrap();
    line.deliver(till("a"), vec![2]).unwrap();
    assert_eq!(line.deliver(till("a"), vec![3]), None);
    assert_eq!(now(line.credit()), None);
    // Read is not done: the window opens when the session says so, once.
    assert_eq!(waiting(&mailbox).len(), 3);
    assert_eq!(now(line.credit()), None);
    mailbox.done(first);
    mailbox.done(first);
    mailbox.done(Receipt(99));
    assert_eq!(now(line.credit()), Some(()));
    line.deliver(till("a"), vec![4]).unwrap();
    assert_eq!(now(line.credit()), None);
}

#[test]
fn receipts_come_back_to_a_line_that_acknowledges_and_to_no_other() {
    let mailbox = Mailbox::new();
    let old = mailbox.line(Limits { acknowledges: true, ..LIMITS });
    let late = old.deliver(Route::Hub, vec![1]).unwrap();
    old.close("cut");
    let line = mailbox.line(Limits { acknowledges: true, ..LIMITS });
    let receipt = line.deliver(Route::Hub, vec![1]).unwrap();
    mailbox.done(late);
    assert_eq!(now(line.returned()), None);
    mailbox.done(receipt);
    assert_eq!(now(line.returned()), Some(receipt));
    assert_eq!(now(line.returned()), None);
}

#[test]
fn a_newer_line_takes_the_route() {
    let mailbox = Mailbox::new();
    let (older, newer) = (mailbox.line(LIMITS), mailbox.line(LIMITS));
    older.up(till("a"), None);
    assert_eq!(now(older.replaced()), None);
    newer.up(till("a"), None);
    newer.up(till("a"), None);
    assert_eq!(now(older.replaced()), Some(()));
    drop(older);
    let why = "a newer connection took its place";
    assert_eq!(waiting(&mailbox), [up(till("a")), down(till("a"), why), up(till("a"))]);
    assert_eq!(mailbox.send(&till("a"), vec![7]), Ok(()));
    assert_eq!(now(newer.next_frame()), Some((till("a"), vec![7])));
}

#[test]
fn a_line_that_ends_takes_everything_with_it() {
    let mailbox = Mailbox::new();
    let line = mailbox.line(LIMITS);
    line.up(Route::Hub, None);
    line.reaches_every_till();
    assert_eq!(mailbox.send(&till("any"), vec![1]), Ok(()));
    while mailbox.send(&Route::Hub, vec![2]) != Err(SendError::Full) {}
    line.close("cut");
    assert_eq!(waiting(&mailbox), [up(Route::Hub), down(Route::Hub, "cut"), Event::Room]);
    assert_eq!(mailbox.send(&Route::Hub, vec![3]), Err(SendError::NotUp(Route::Hub)));
    assert_eq!(mailbox.send(&till("any"), vec![3]), Err(SendError::NotUp(till("any"))));
    let next = mailbox.line(LIMITS);
    next.up(Route::Hub, None);
    assert_eq!(now(next.next_frame()), None);
}

#[test]
fn a_link_waits_until_the_session_has_read_what_went_down() {
    let mailbox = Mailbox::new();
    assert_eq!(now(mailbox.settled()), Some(()));
    let line = mailbox.line(LIMITS);
    line.up(Route::Hub, None);
    line.close("cut");
    let settled = mailbox.settled();
    let mut settled = std::pin::pin!(settled);
    let mut context = Context::from_waker(Waker::noop());
    assert!(settled.as_mut().poll(&mut context).is_pending());
    assert_eq!(now(mailbox.event()), Some(up(Route::Hub)));
    assert!(settled.as_mut().poll(&mut context).is_pending());
    assert_eq!(now(mailbox.event()), Some(down(Route::Hub, "cut")));
    assert!(settled.as_mut().poll(&mut context).is_ready());
}

#[test]
fn alarms_that_nobody_reads_stop_coming() {
    let mailbox = Mailbox::new();
    for number in 0..1_000 {
        mailbox.alarm(format!("knock {number}"));
    }
    assert_eq!(waiting(&mailbox).len(), 32);
}
