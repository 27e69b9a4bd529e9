use super::super::listing::Listing;
use super::*;
use alloc::string::ToString;
use alloc::vec;
use alloc::vec::Vec;

fn emitted(options: &Options) -> Vec<u8> {
    let mut bytes = vec![0xee; options.emitted_len()];
    options.emit(&mut bytes);
    bytes
}

/// The options of a SYN look so on the wire, and are read as what they were.
fn stands_and_comes_back(options: &Options, listing: &str) {
    let bytes = emitted(options);
    assert_eq!(Listing(&bytes).to_string(), listing);
    assert_eq!(bytes.len() % 4, 0);
    assert_eq!(Options::parse(&bytes, true), *options);
}

fn three_blocks() -> SackBlocks {
    let mut sack = SackBlocks::EMPTY;
    for block in 1..=3 {
        assert!(sack.push(block * 10, block * 10 + 5));
    }
    sack
}

#[test]
fn linuxs_orders() {
    let timestamps = Some(Timestamps { value: 7, echo: 0 });
    let syn = Options {
        mss: Some(1460),
        window_scale: Some(7),
        sack_permitted: true,
        timestamps,
        ..Default::default()
    };
    let rows: [(Options, &str); 5] = [
        (syn, "mss 1460,sackOK,TS val 7 ecr 0,nop,wscale 7"),
        (Options { timestamps: None, ..syn }, "mss 1460,nop,nop,sackOK,nop,wscale 7"),
        (Options { sack_permitted: false, ..syn }, "mss 1460,nop,nop,TS val 7 ecr 0,nop,wscale 7"),
        (Options { timestamps, ..Default::default() }, "nop,nop,TS val 7 ecr 0"),
        (
            Options { timestamps, sack: three_blocks(), ..Default::default() },
            "nop,nop,TS val 7 ecr 0,nop,nop,sack 3 {10:15}{20:25}{30:35}",
        ),
    ];
    rows.iter().for_each(|(options, listing)| stands_and_comes_back(options, listing));
}

#[test]
fn signature_first_and_fast_open_last() {
    let cookie = FastOpenCookie::parse(&[1, 2, 3, 4], false);
    let syn = Options { mss: Some(1460), window_scale: Some(7), sack_permitted: true, ..Default::default() };
    let rows = [
        (
            Options { fast_open: cookie, ..syn },
            "mss 1460,nop,nop,sackOK,nop,wscale 7,tfo cookie 01020304,nop,nop",
        ),
        (
            Options { fast_open: Some(FastOpenCookie::REQUEST), ..syn },
            "mss 1460,nop,nop,sackOK,nop,wscale 7,tfo cookiereq,nop,nop",
        ),
        (
            Options { fast_open: FastOpenCookie::parse(&[1, 2, 3, 4], true), ..syn },
            "mss 1460,nop,nop,sackOK,nop,wscale 7,exp-tfo cookie 01020304",
        ),
        (
            Options { md5: Some([0xab; 16]), ..syn },
            "nop,nop,md5 abababababababababababababababab,mss 1460,nop,nop,sackOK,nop,wscale 7",
        ),
    ];
    rows.iter().for_each(|(options, listing)| stands_and_comes_back(options, listing));
}

#[test]
fn accurate_ecn_uses_padding_and_takes_room_from_sack() {
    let timestamps = Some(Timestamps { value: 7, echo: 0 });
    let full = AccurateEcn { order_1: true, count: 3, fields: [1, 0, 1] };
    let syn = Options { mss: Some(1460), window_scale: Some(8), sack_permitted: true, ..Default::default() };
    let mut two = SackBlocks::EMPTY;
    assert!(two.push(10, 15) && two.push(20, 25));
    let with = |sack, timestamps| Options { sack, timestamps, ..Default::default() };
    let rows = [
        (syn, 0, "mss 1460,ECN e1b 1 ceb 0 e0b 1,nop,nop,nop,sackOK,nop,wscale 8"),
        (
            Options { timestamps, ..syn },
            0,
            "mss 1460,sackOK,TS val 7 ecr 0,ECN e1b 1 ceb 0 e0b 1,nop,nop,wscale 8",
        ),
        (with(SackBlocks::EMPTY, timestamps), 3, "nop,nop,TS val 7 ecr 0,ECN e1b 1 ceb 0 e0b 1,nop"),
        (with(two, timestamps), 2, "nop,nop,TS val 7 ecr 0,ECN e1b 1 ceb 0,nop,nop,sack 2 {10:15}{20:25}"),
        (
            with(three_blocks(), timestamps),
            2,
            "nop,nop,TS val 7 ecr 0,ECN e1b 1 ceb 0,nop,nop,sack 2 {10:15}{20:25}",
        ),
        (with(three_blocks(), timestamps), 0, "nop,nop,TS val 7 ecr 0,ECN,sack 3 {10:15}{20:25}{30:35}"),
        (with(three_blocks(), None), 3, "ECN e1b 1 ceb 0 e0b 1,nop,nop,nop,sack 3 {10:15}{20:25}{30:35}"),
    ];
    for (mut options, least, listing) in rows {
        assert!(options.fit_accurate_ecn(full, least));
        let bytes = emitted(&options);
        assert_eq!(Listing(&bytes).to_string(), listing);
        assert_eq!(bytes.len() % 4, 0);
    }
    assert!(!with(three_blocks(), timestamps).fit_accurate_ecn(full, 3));
}

#[test]
fn a_cookie_that_does_not_fit_is_left_out() {
    let fast_open = FastOpenCookie::parse(&[7; 16], false);
    let timestamps = Some(Timestamps { value: 7, echo: 0 });
    let syn = Options { mss: Some(1460), window_scale: Some(7), timestamps, fast_open, ..Default::default() };
    assert_eq!(emitted(&syn).len(), 40, "20 bytes beside 20");
    let signed = Options { md5: Some([0; 16]), ..syn };
    let parsed = Options::parse(&emitted(&signed), true);
    assert_eq!(parsed, Options { fast_open: None, ..signed });
}

#[test]
fn blocks_that_do_not_fit_are_left_out() {
    let mut options = Options { sack: three_blocks(), ..Default::default() };
    assert!(options.sack.push(90, 91));
    assert!(!options.sack.push(92, 93));
    assert_eq!(options.emitted_len(), 36);
    options.timestamps = Some(Timestamps::default());
    assert_eq!(options.emitted_len(), 40);
    assert_eq!(Options::parse(&emitted(&options), false).sack, three_blocks());
}

#[test]
fn what_belongs_into_a_syn_counts_in_one_only() {
    let bytes = [MSS, 4, 5, 180, NOP, WINDOW_SCALE, 3, 200, SACK_PERMITTED, 2, END, MSS, 4, 1, 1];
    let syn = Options::parse(&bytes, true);
    assert_eq!((syn.mss, syn.window_scale, syn.sack_permitted), (Some(1460), Some(14), true));
    assert_eq!(Options::parse(&bytes, false), Options::default());
}

#[test]
fn bad_lists_end_quietly() {
    let rows: &[&[u8]] = &[
        &[],
        &[MSS],
        &[MSS, 0],
        &[MSS, 1],
        &[MSS, 4, 5],
        &[MSS, 3, 5],
        &[MSS, 4, 0, 0],
        &[TIMESTAMPS, 255, 0, 0],
        &[SACK, 9, 0, 0, 0, 0, 0, 0, 0],
        &[SACK, 2],
        &[FAST_OPEN, 5, 1, 2, 3],
        &[MD5, 4, 1, 2],
        &[EXPERIMENT, 4, 0xf9, 0x88],
        &[253, 2, 99],
    ];
    for bytes in rows {
        assert_eq!(Options::parse(bytes, true), Options::default(), "{bytes:?}");
        let _ = Listing(bytes).to_string();
    }
}
