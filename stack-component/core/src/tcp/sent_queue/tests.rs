use super::*;
use crate::tcp::rate::DeliveryRate;

/// `count` segments of ten bytes, sent one after the other.
fn queue(count: u32) -> SentQueue {
    let mut queue = SentQueue::default();
    let tx = DeliveryRate::default().on_sent(Instant::ZERO, 0);
    for nth in 0..count {
        let start = Sequence(nth * 10);
        queue.push(Sent {
            start,
            end: start + 10,
            syn: false,
            fin: false,
            push: Push::Never,
            at: Instant::from_millis(nth.into()),
            sacked: false,
            lost: false,
            retransmitted: false,
            ever_retransmitted: false,
            tx,
            run: 0,
            ends_record: false,
            joined: false,
        });
    }
    queue
}

#[test]
fn a_walk_by_time_keeps_what_it_is_told_to_and_forgets_what_is_void() {
    let mut queue = queue(10);
    [3, 4, 8].into_iter().for_each(|index| queue.note_sacked(index));
    let mut seen = std::vec![];
    queue.walk_by_time(|_, index| {
        seen.push(index);
        match index {
            7 => Walk::Stop,
            1 | 5 => Walk::Remove,
            _ => Walk::Keep,
        }
    });
    assert_eq!(seen, [0, 1, 2, 5, 6, 7]);
    seen.clear();
    queue.walk_by_time(|_, index| {
        seen.push(index);
        Walk::Keep
    });
    assert_eq!(seen, [0, 2, 6, 7, 9]);
    assert_eq!(queue.order.len(), 5);
}

#[test]
fn a_walk_costs_as_much_as_there_is_to_walk_over() {
    // The second half of the segments is reported at once: taking each void entry out of the middle by itself would cost
    // the square of their number. The best of several short runs, so that what else the machine does does not count.
    let best = |count: u32| {
        let one = |_| {
            let mut queue = queue(count);
            (count / 2..count).for_each(|index| queue.note_sacked(index as usize));
            let begun = std::time::Instant::now();
            queue.walk_by_time(|_, _| Walk::Keep);
            let time = begun.elapsed();
            assert_eq!(queue.order.len() as u32, count / 2);
            time
        };
        (0..10).map(one).min().unwrap()
    };
    let (few, many) = (best(5_000), best(20_000));
    assert!(many < few * 10, "{many:?} for four times what took {few:?}");
}

#[test]
fn what_is_known_to_be_there_is_passed_in_a_step() {
    let mut queue = queue(1000);
    (100..900).filter(|index| *index != 500).for_each(|index| queue.note_sacked(index));
    assert_eq!((queue.next_not_sacked(99), queue.next_not_sacked(100)), (99, 500));
    assert_eq!(queue.get(300).map(|sent| sent.run), Some(200));
    queue.note_sacked(500);
    assert_eq!(queue.next_not_sacked(300), 900);
    assert_eq!(queue.next_not_sacked(450), 900, "what was known before and what is new");
    queue.forget_sacked();
    assert_eq!(queue.next_not_sacked(300), 300);
}
