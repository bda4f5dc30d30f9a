//! The client against a server that answers as told, on a real socket.

use super::*;
use std::io::{BufRead, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

/// A server that gives these answers in order, one a connection; an empty one hangs up. What was
/// asked comes out of the receiver.
fn server(answers: &'static [&'static str]) -> (Client, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = Client::at(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    let (asked, questions) = mpsc::channel();
    thread::spawn(move || {
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            asked.send(read_request(&stream)).unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
        }
    });
    (client, questions)
}

fn read_request(stream: &std::net::TcpStream) -> String {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        assert!(reader.read_line(&mut head).unwrap() > 0, "{head}");
    }
    let lower = head.to_ascii_lowercase();
    let length = lower.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    reader.read_exact(&mut body).unwrap();
    lower + &String::from_utf8(body).unwrap()
}

const DONE: &str =
    "HTTP/1.1 200 OK\r\ncontent-length: 17\r\nconnection: close\r\n\r\n{\"result\":\"done\"}";

fn value(request: &str, header: &str) -> String {
    let line = request.lines().find_map(|line| line.strip_prefix(&format!("{header}: ")));
    line.unwrap_or_default().to_owned()
}

#[test]
fn a_log_in_is_shown_with_every_later_request() {
    let (mut client, asked) = server(&[
        "HTTP/1.1 200 OK\r\nset-cookie: till_session=abc; HttpOnly; SameSite=Strict\r\n\
         content-length: 40\r\nconnection: close\r\n\r\n{\"staff\":\"101\",\"name\":\"Jo\",\"csrf\":\"c5f\"} ",
        DONE,
    ]);
    let jo = client.log_in("101", "4826").unwrap();
    assert_eq!(jo.name, "Jo");
    let request = asked.recv().unwrap();
    assert!(request.starts_with("post /api/v1/session http/1.1"), "{request}");
    assert!(request.ends_with("{\"pin\":\"4826\",\"staff\":\"101\"}"), "{request}");
    let _: serde_json::Value = client.change(&Method::POST, "/drawer", &()).unwrap();
    let request = asked.recv().unwrap();
    assert_eq!(value(&request, "cookie"), "till_session=abc");
    assert_eq!(value(&request, "x-till-csrf"), "c5f");
}

#[test]
fn without_an_answer_the_same_request_is_sent_again_under_the_same_name() {
    let (client, asked) = server(&["", "", DONE, DONE]);
    let _: serde_json::Value = client.change(&Method::POST, "/a", &()).unwrap();
    let first = asked.recv().unwrap();
    assert_eq!(value(&first, "idempotency-key").len(), 32);
    assert_eq!(asked.recv().unwrap(), first);
    assert_eq!(asked.recv().unwrap(), first);
    let _: serde_json::Value = client.change(&Method::DELETE, "/a", &()).unwrap();
    let next = asked.recv().unwrap();
    assert_ne!(value(&next, "idempotency-key"), value(&first, "idempotency-key"));
}

#[test]
fn a_log_in_without_an_answer_is_not_sent_again() {
    let (mut client, asked) = server(&[""]);
    assert!(matches!(client.log_in("101", "4826"), Err(ClientError::NoTill { .. })));
    asked.recv().unwrap();
    assert!(asked.recv().is_err());
}

#[test]
fn problems_are_told_apart_from_strangers() {
    let (client, _asked) = server(&[
        "HTTP/1.1 404 Not Found\r\ncontent-length: 90\r\nconnection: close\r\n\r\n\
         {\"type\":\"urn:till:problem:unknown-code\",\"title\":\"T\",\"status\":404,\"detail\":\"D\"}            ",
        "HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno",
        "HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nno",
    ]);
    let get = || client.get::<serde_json::Value>("/items/1").unwrap_err();
    let problem = get();
    assert!(problem.is("unknown-code"), "{problem}");
    assert!(problem.to_string().starts_with("✗ D\n"), "{problem}");
    assert!(matches!(get(), ClientError::NotATill { .. }));
    assert!(matches!(get(), ClientError::NotATill { .. }));
}

#[test]
fn only_this_machine_is_spoken_to() {
    for (url, here) in [
        ("http://127.0.0.1:8420", true),
        ("http://localhost:8420/", true),
        ("http://[::1]:8420", true),
        ("http://127.0.0.1", true),
        ("https://127.0.0.1:8420", false),
        ("http://192.168.1.5:8420", false),
        ("http://till.example:8420", false),
        ("http://127.0.0.1.example:80", false),
        ("http://127.0.0.1@example.org:80", false),
        ("127.0.0.1:8420", false),
    ] {
        assert_eq!(Client::at(url).is_ok(), here, "{url}");
    }
}
