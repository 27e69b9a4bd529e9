//! One of many guests that all talk to each other.

use test_guests::sockets::{End, Family, accept, bind, listen, tcp};
use wasi::io::poll::{Pollable, poll};
use wasi::io::streams::StreamError;
use wasi::sockets::tcp::TcpSocket;

use super::reach;

/// Bytes that are said at once.
const LENGTH: usize = 1000;

/// Somebody whom this guest asks.
struct Asked {
    end: End,
    rounds: u16,
    /// Bytes of the answer that are missing.
    missing: usize,
}

/// What is waited for.
enum Waiting {
    Arrival,
    Asked(usize),
    Served(usize),
}

struct Crowd {
    listener: TcpSocket,
    asked: Vec<Option<Asked>>,
    served: Vec<Option<End>>,
}

/// Says something to each of the others so many times, and sends back what they say, until all are through.
pub(super) fn run(first: u16, count: u16, own: u16, rounds: u16) {
    let listener = tcp(Family::Ipv4);
    bind(&listener, Family::Ipv4.loopback(first + own)).expect("a port of its own");
    listen(&listener).expect("a listener");
    let others = (0..count).filter(|number| *number != own);
    let ask = |number| Some(Asked { end: reach(first + number), rounds, missing: 0 });
    let mut crowd = Crowd { listener, asked: others.map(ask).collect(), served: Vec::new() };
    for number in 0..crowd.asked.len() {
        crowd.say(number);
    }
    while !crowd.is_through() {
        crowd.step();
    }
    println!("{} talked to", crowd.asked.len());
}

impl Crowd {
    fn is_through(&self) -> bool {
        let gone = self.served.iter().all(Option::is_none);
        self.asked.iter().all(Option::is_none) && self.served.len() == self.asked.len() && gone
    }

    /// Says something new to one that is asked, or leaves it.
    fn say(&mut self, number: usize) {
        let Some(asked) = &mut self.asked[number] else { return };
        if asked.rounds == 0 {
            self.asked[number] = None;
            return;
        }
        (asked.rounds, asked.missing) = (asked.rounds - 1, LENGTH);
        asked.end.output.blocking_write_and_flush(&[7; LENGTH]).expect("room");
    }

    /// Waits for something, and does what there is to do.
    fn step(&mut self) {
        let mut pollables: Vec<(Waiting, Pollable)> = vec![(Waiting::Arrival, self.listener.subscribe())];
        for (number, asked) in self.asked.iter().enumerate() {
            pollables.extend(asked.iter().map(|asked| (Waiting::Asked(number), asked.end.input.subscribe())));
        }
        for (number, end) in self.served.iter().enumerate() {
            pollables.extend(end.iter().map(|end| (Waiting::Served(number), end.input.subscribe())));
        }
        let ready = poll(&pollables.iter().map(|(_, pollable)| pollable).collect::<Vec<_>>());
        // Pollables go before what they were made of.
        let waiting: Vec<Waiting> = pollables.into_iter().map(|(waiting, _)| waiting).collect();
        for index in ready {
            match waiting[index as usize] {
                Waiting::Arrival => self.welcome(),
                Waiting::Asked(number) => self.hear(number),
                Waiting::Served(number) => self.serve(number),
            }
        }
    }

    fn welcome(&mut self) {
        let (socket, input, output) = accept(&self.listener).expect("a connection");
        self.served.push(Some(End { input, output, socket }));
    }

    fn hear(&mut self, number: usize) {
        let Some(asked) = &mut self.asked[number] else { return };
        let heard = asked.end.input.read(asked.missing as u64).expect("an answer");
        assert!(heard.iter().all(|byte| *byte == 7));
        asked.missing -= heard.len();
        if asked.missing == 0 {
            self.say(number);
        }
    }

    fn serve(&mut self, number: usize) {
        let Some(end) = &self.served[number] else { return };
        match end.input.read(4096) {
            Ok(said) => end.output.blocking_write_and_flush(&said).expect("room"),
            Err(StreamError::Closed) => self.served[number] = None,
            Err(error) => panic!("{error:?}"),
        }
    }
}
