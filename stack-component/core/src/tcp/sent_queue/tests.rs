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
    // Taking each void entry out by itself would cost the square of their number. None are, the second half, every other.
    let reported: [fn(u32) -> bool; 3] = [|_| false, |nth| nth >= 500, |nth| nth % 2 == 1];
    for (case, is_reported) in reported.into_iter().enumerate() {
        let mut queue = queue(1000);
        (0..1000).filter(|nth| is_reported(*nth)).for_each(|nth| queue.note_sacked(nth as usize));
        let left = queue.len() - queue.sacked;
        let mut walked = 0;
        queue.walk_by_time(|_, _| {
            walked += 1;
            Walk::Keep
        });
        assert_eq!((walked, queue.order.len() as u32), (left, left), "case {case}");
        assert!(queue.order.moved <= 1000, "case {case}: {} entries were moved", queue.order.moved);
    }
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
