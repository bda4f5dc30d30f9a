//! The cases, each over any rig.

use super::rigs::{Rig, direct, memory, mqtt};
use super::{down, event, frame, send, take, up};
use std::collections::BTreeSet;
use sync::link::{Event, Link, SendError};
use sync::wire::MAX_FRAME_BYTES;

/// Runs a case over each kind of link, as a test of its own.
macro_rules! over_each_link {
    ($($case:ident),* $(,)?) => {
        mod over_memory {
            $(#[tokio::test] async fn $case() { super::$case(super::memory().await).await })*
        }
        mod over_direct {
            $(#[tokio::test] async fn $case() { super::$case(super::direct().await).await })*
        }
        mod over_mqtt {
            $(#[tokio::test] async fn $case() { super::$case(super::mqtt().await).await })*
        }
        #[cfg(feature = "aws-iot-sdk")]
        mod over_sdk {
            use crate::links::rigs::sdk;
            $(#[tokio::test] async fn $case() { super::$case(sdk().await).await })*
        }
    };
}

over_each_link! {
    frames_arrive_both_ways,
    a_full_link_says_when_there_is_room,
    what_can_not_go_is_refused,
    a_broken_line_comes_back,
    a_slow_session_holds_its_peer_back_and_loses_nothing,
}

async fn frames_arrive_both_ways<A: Link, B: Link>(mut rig: Rig<A, B>) {
    rig.up().await;
    for bytes in [vec![7], b"a digest".to_vec(), vec![9; MAX_FRAME_BYTES]] {
        rig.near.send(&rig.to_far, bytes.clone()).unwrap();
        let (route, came, receipt) = frame(&mut rig.far).await;
        assert_eq!((&route, &came), (&rig.to_near, &bytes));
        rig.far.done(receipt);
        rig.far.send(&rig.to_near, bytes.clone()).unwrap();
        let (route, came, receipt) = frame(&mut rig.near).await;
        assert_eq!((&route, &came), (&rig.to_far, &bytes));
        rig.near.done(receipt);
    }
}

async fn a_full_link_says_when_there_is_room<A: Link, B: Link>(mut rig: Rig<A, B>) {
    rig.up().await;
    let mut sent = 0_u32;
    // Nothing else runs while this does not wait, so the queue fills.
    while rig.near.send(&rig.to_far, sent.to_be_bytes().to_vec()).is_ok() {
        sent += 1;
        assert!(sent < 10_000, "the queue has no bound");
    }
    assert_eq!(rig.near.send(&rig.to_far, vec![0]), Err(SendError::Full));
    let drained = async {
        let mut came = BTreeSet::new();
        // Those, and the one that goes when there is room.
        while came.len() <= usize::try_from(sent).unwrap() {
            came.insert(take(&mut rig.far).await);
        }
        came
    };
    let room = async {
        assert_eq!(event(&mut rig.near).await, Event::Room);
        rig.near.send(&rig.to_far, b"more".to_vec()).unwrap();
        // The link must live on until everything has left it.
        std::future::pending::<()>().await;
    };
    let came = tokio::select! {
        came = drained => came,
        () = room => unreachable!(),
    };
    let all = (0..sent).map(|number| number.to_be_bytes().to_vec());
    assert_eq!(came, all.chain([b"more".to_vec()]).collect());
}

async fn what_can_not_go_is_refused<A: Link, B: Link>(mut rig: Rig<A, B>) {
    let not_up = SendError::NotUp(rig.to_far.clone());
    assert_eq!(rig.near.send(&rig.to_far, vec![1]), Err(not_up));
    rig.up().await;
    let long = MAX_FRAME_BYTES + 1;
    assert_eq!(rig.near.send(&rig.to_far, vec![0; long]), Err(SendError::TooLong(long)));
    let stranger = rig.stranger();
    assert_eq!(rig.near.send(&stranger, vec![0]), Err(SendError::NotUp(stranger.clone())));
    // None of it has hurt the link.
    rig.near.send(&rig.to_far, vec![2]).unwrap();
    assert_eq!(take(&mut rig.far).await, [2]);
}

async fn a_broken_line_comes_back<A: Link, B: Link>(mut rig: Rig<A, B>) {
    rig.up().await;
    send(&mut rig.near, &rig.to_far, b"before").await;
    assert_eq!(take(&mut rig.far).await, b"before");
    let Rig { near, far, to_far, line, .. } = &mut rig;
    for _ in 0..2 {
        let breaking = async {
            line.cut();
            down(near, to_far).await;
            let not_up = SendError::NotUp(to_far.clone());
            assert_eq!(near.send(to_far, vec![1]), Err(not_up));
            line.heal();
            up(near, to_far).await;
            send(near, to_far, b"after").await;
        };
        // Where the far end sees the line, it has a Down and an Up of its own before the frame.
        let hearing = async {
            loop {
                if let Event::Frame { bytes, receipt, .. } = event(far).await {
                    far.done(receipt);
                    return bytes;
                }
            }
        };
        let ((), came) = tokio::join!(breaking, hearing);
        assert_eq!(came, b"after");
    }
}

async fn a_slow_session_holds_its_peer_back_and_loses_nothing<A: Link, B: Link>(
    mut rig: Rig<A, B>,
) {
    const FRAMES: u32 = 300;
    rig.up().await;
    let (to_far, mut near, mut far) = (rig.to_far.clone(), rig.near, rig.far);
    let sending = async {
        for number in 0..FRAMES {
            send(&mut near, &to_far, &number.to_be_bytes()).await;
        }
        // The link must live on until everything has left it.
        std::future::pending::<()>().await;
    };
    let receiving = async {
        let mut came = BTreeSet::new();
        let mut held = Vec::new();
        while came.len() < usize::try_from(FRAMES).unwrap() {
            let (_, bytes, receipt) = frame(&mut far).await;
            came.insert(bytes);
            held.push(receipt);
            // It is done with several at a time, the last one first.
            if held.len() == 16 {
                held.drain(..).rev().for_each(|receipt| far.done(receipt));
            }
        }
    };
    tokio::select! {
        () = sending => unreachable!(),
        () = receiving => {}
    }
}
