use super::*;
use crate::wire::user::{UserWire, cable};
use cap_std::ambient_authority;
use cap_std::fs::Dir;

/// What a reader finds in a packet block.
#[derive(Debug, PartialEq)]
struct Record {
    nanos: u64,
    flags: u32,
    frame: Vec<u8>,
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

fn option(mut options: &[u8], wanted: u16) -> Option<Vec<u8>> {
    loop {
        let code = u16::from_le_bytes(options[..2].try_into().unwrap());
        let length = usize::from(u16::from_le_bytes(options[2..4].try_into().unwrap()));
        if code == wanted {
            return Some(options[4..4 + length].to_vec());
        }
        if code == 0 {
            assert_eq!(options.len(), 4, "the end of the options is the end of the block");
            return None;
        }
        options = &options[4 + length.next_multiple_of(4)..];
    }
}

/// Reads a file back by the letter of the format: one section, one interface, then packets.
fn read_back(file: &[u8]) -> Vec<Record> {
    let mut blocks = Vec::new();
    let mut rest = file;
    while !rest.is_empty() {
        let length = u32_at(rest, 4) as usize;
        assert_eq!(length % 4, 0);
        assert_eq!(u32_at(rest, length - 4) as usize, length, "both lengths of a block agree");
        blocks.push((u32_at(rest, 0), rest[8..length - 4].to_vec()));
        rest = &rest[length..];
    }
    let (kind, section) = blocks.remove(0);
    assert_eq!((kind, u32_at(&section, 0)), (0x0a0d_0d0a, 0x1a2b_3c4d));
    assert_eq!(section[4..16], [1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255]);
    let (kind, interface) = blocks.remove(0);
    assert_eq!((kind, &interface[..8]), (1, &[1, 0, 0, 0, 0, 0, 0, 0][..]));
    assert_eq!(option(&interface[8..], 2).unwrap(), b"eth0");
    assert_eq!(option(&interface[8..], 9).unwrap(), [9]);
    blocks.into_iter().map(|(kind, body)| read_packet(kind, &body)).collect()
}

fn read_packet(kind: u32, body: &[u8]) -> Record {
    assert_eq!((kind, u32_at(body, 0)), (6, 0));
    let length = u32_at(body, 12);
    assert_eq!(u32_at(body, 16), length);
    let (frame, options) = body[20..].split_at(length.next_multiple_of(4) as usize);
    Record {
        nanos: u64::from(u32_at(body, 4)) << 32 | u64::from(u32_at(body, 8)),
        flags: u32_at(&option(options, 2).unwrap(), 0),
        frame: frame[..length as usize].to_vec(),
    }
}

/// A cable with a capture at one end, and a way to read its file.
struct Captured {
    near: PcapWire<UserWire>,
    far: UserWire,
    directory: Dir,
    path: std::path::PathBuf,
}

impl Captured {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wnet-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        let directory = Dir::open_ambient_dir(&path, ambient_authority()).unwrap();
        let capture = Capture::start(directory.create("capture").unwrap(), &["eth0".to_string()]).unwrap();
        let (near, far) = cable().unwrap();
        Captured { near: PcapWire::new(near, Arc::new(capture), 0), far, directory, path }
    }

    fn file(&self) -> Vec<u8> {
        self.near.capture.finish();
        self.directory.read("capture").unwrap()
    }
}

impl Drop for Captured {
    fn drop(&mut self) {
        // Litter in the temporary directory fails no test.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}

#[test]
fn both_directions_are_read_back_in_order() {
    let captured = Captured::new("directions");
    let before = since_epoch().as_nanos() as u64;
    let mut frame = Vec::new();
    for length in [60, 61, 62, 63, 1514] {
        captured.near.transmit(&vec![1; length]).unwrap();
        captured.far.transmit(&vec![2; length]).unwrap();
        assert!(captured.near.receive(&mut frame).unwrap());
        assert_eq!(frame, vec![2; length]);
        assert!(!captured.near.receive(&mut frame).unwrap());
    }
    let after = since_epoch().as_nanos() as u64;

    let records = read_back(&captured.file());
    assert_eq!(records.len(), 10);
    let lengths = [60, 61, 62, 63, 1514].into_iter().flat_map(|length| [length, length]);
    for ((record, length), outbound) in records.iter().zip(lengths).zip([true, false].into_iter().cycle()) {
        let (flags, byte) = if outbound { (2, 1) } else { (1, 2) };
        assert_eq!((record.flags, &record.frame), (flags, &vec![byte; length]));
        assert!((before..=after).contains(&record.nanos));
    }
    assert!(records.is_sorted_by_key(|record| record.nanos));
}

#[test]
fn a_frame_that_was_lost_is_not_captured() {
    let captured = Captured::new("lost");
    let mut sent = 0;
    while captured.near.transmit(&[0; 60]).is_ok() {
        sent += 1;
    }
    assert_eq!(read_back(&captured.file()).len(), sent);
}

#[test]
fn nothing_is_captured_after_the_end() {
    let captured = Captured::new("end");
    captured.near.transmit(&[0; 60]).unwrap();
    let length = captured.file().len();
    captured.near.transmit(&[0; 60]).unwrap();
    assert_eq!(captured.file().len(), length);
}

#[test]
fn a_disk_that_is_full_does_not_stop_the_network() {
    let Ok(devices) = Dir::open_ambient_dir("/dev", ambient_authority()) else { return };
    let mut options = cap_std::fs::OpenOptions::new();
    let Ok(full) = devices.open_with("full", options.write(true)) else { return };
    assert!(Capture::start(full, &["eth0".to_string()]).is_err(), "the head of the file cannot be written");
    // The failure of a later write: the descriptor is open for reading only.
    let (near, far) = cable().unwrap();
    let shared = Arc::new(Shared::default());
    let file = devices.open("null").unwrap();
    let writer = std::thread::spawn({
        let shared = Arc::clone(&shared);
        move || write_frames(&shared, file)
    });
    let capture = Capture { shared, writer: Mutex::new(Some(writer)) };
    let near = PcapWire::new(near, Arc::new(capture), 0);
    for _ in 0..100 {
        near.transmit(&[7; 60]).unwrap();
    }
    near.capture.finish();
    let mut frame = Vec::new();
    for _ in 0..100 {
        assert!(far.receive(&mut frame).unwrap());
    }
}
