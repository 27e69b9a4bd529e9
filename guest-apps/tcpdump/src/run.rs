//! The program on its socket.

use crate::filter::show;
use crate::line::Lines;
use crate::options::{Direction, Options};
use crate::pcap;
use crate::read::Frames;
use crate::seen::{Seen, Way, tagged, untagged};
use stack_core::bpf::{self, Program, View};
use stack_core::random::SeededRandom;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tool_common::control::interrupt;
use tool_common::control::packet_sockets::{
    self as packet_sockets, Device, Form, IncomingFrame, Instruction, PacketOption, PacketSocket, PacketType,
    create_packet_socket,
};
use tool_common::error;
use tool_common::wasi::io::poll::poll;
use tool_common::wasi::sockets::network::ErrorCode;

/// What asks for all frames. Linux: `ETH_P_ALL`.
const ALL: u16 = 3;
/// Frames that are taken at a time.
const BATCH: u64 = 64;
/// What stands for all devices.
const ANY: &str = "any";
/// Bytes of memory for frames that wait: what tcpdump asks for, as far as the stack gives it.
const BUFFER: u64 = 2 * 1024 * 1024;

/// What becomes of frames: lines, or records of a file.
struct Sink<'a> {
    options: &'a Options,
    lines: Lines<'a>,
    out: Box<dyn Write>,
    taken: u64,
}

/// A capture that is under way.
struct Capture<'a> {
    options: &'a Options,
    devices: BTreeMap<u32, Device>,
    socket: PacketSocket,
    sink: Sink<'a>,
}

/// Captures to the end. The error is a line.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.show_program {
        print!("{}", show(&options.program));
        return Ok(());
    }
    if let Some(input) = &options.input {
        return replay(options, input);
    }
    let devices = packet_sockets::devices().map_err(|code| text(code).to_owned())?;
    if options.list_devices {
        print!("{}", list(&devices));
        return Ok(());
    }
    let device = chosen(&devices, options.device.as_deref())?;
    let socket = open(options, device)?;
    let name = device.map_or(ANY, |device| &device.name);
    let lead = if options.file.is_some() { "tcpdump: " } else { "" };
    let snap_length = options.snap_length;
    eprintln!("{lead}listening on {name}, link-type EN10MB (Ethernet), snapshot length {snap_length} bytes");
    let sink = Sink::open(options, device.is_none(), snap_length)?;
    let devices = devices.into_iter().map(|device| (device.index, device)).collect();
    let mut capture = Capture { options, devices, socket, sink };
    let ended = capture.follow();
    capture.tell()?;
    listened(ended)
}

/// Who does not listen any more ends the program, and nothing else.
fn listened(ended: io::Result<()>) -> Result<(), String> {
    match ended {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// Shows or writes the frames of a file. The filter's program runs here, as no stack is asked.
fn replay(options: &Options, name: &str) -> Result<(), String> {
    let input: Box<dyn Read> = match name {
        "-" => Box::new(io::stdin()),
        name => Box::new(File::open(name).map_err(|error| {
            let missing = error.kind() == io::ErrorKind::NotFound;
            if missing { format!("{name}: No such file or directory") } else { format!("{name}: {error}") }
        })?),
    };
    let mut frames = Frames::open(BufReader::new(input))?;
    let snap_length = frames.snap_length;
    eprintln!("reading from file {name}, link-type EN10MB (Ethernet), snapshot length {snap_length}");
    let mut sink = Sink::open(options, false, snap_length)?;
    let program: Vec<_> = options.program.iter().map(checked).collect();
    let program = Program::new(&program);
    let mut random = SeededRandom::new(0);
    loop {
        let next = frames.next();
        let Ok(Some(mut seen)) = next else {
            listened(sink.out.flush())?;
            return next.map(drop);
        };
        if let Some(program) = &program {
            // Filters see frames as the stack shows them: the tag stands beside.
            let (data, vlan) = untagged(&seen.bytes);
            let view = View { data: &data, link: &data, vlan, ..View::default() };
            match program.keep(&view, &mut random) {
                0 => continue,
                kept => seen.bytes.truncate(kept + seen.bytes.len() - data.len()),
            }
        }
        match sink.take(&seen) {
            Ok(true) => {}
            ended => return listened(ended.and_then(|_| sink.out.flush())),
        }
    }
}

/// An instruction as the machine has it.
fn checked(instruction: &crate::filter::Instruction) -> bpf::Instruction {
    let crate::filter::Instruction { code, jump_true, jump_false, k } = *instruction;
    bpf::Instruction { code, jump_true, jump_false, k }
}

impl<'a> Sink<'a> {
    fn open(options: &'a Options, several: bool, snap_length: u32) -> Result<Self, String> {
        let mut out: Box<dyn Write> = match options.file.as_deref() {
            None | Some("-") => Box::new(io::stdout()),
            Some(file) => Box::new(File::create(file).map_err(|error| format!("{file}: {error}"))?),
        };
        if options.file.is_some() {
            let head = pcap::write_head(&mut out, snap_length).and_then(|()| out.flush());
            head.map_err(|error| error.to_string())?;
        }
        Ok(Sink { options, lines: Lines::new(options, several), out, taken: 0 })
    }

    /// Shows or writes a frame; answers whether more are wanted.
    fn take(&mut self, seen: &Seen) -> io::Result<bool> {
        self.taken += 1;
        match self.options.file {
            Some(_) => pcap::write_frame(&mut self.out, seen)?,
            None => self.out.write_all(self.lines.line(seen).as_bytes())?,
        }
        Ok(self.options.count.is_none_or(|count| self.taken < count))
    }
}

/// The lines of `-D`.
fn list(devices: &[Device]) -> String {
    let flags = |device: &Device| {
        let mut flags = Vec::new();
        flags.extend(device.up.then_some("Up"));
        flags.extend((device.up && device.lower_up).then_some("Running"));
        flags.extend(device.loopback.then_some("Loopback"));
        flags.join(", ")
    };
    let one =
        |(number, device): (usize, &Device)| format!("{}.{} [{}]\n", number + 1, device.name, flags(device));
    let lines: String = devices.iter().enumerate().map(one).collect();
    format!(
        "{lines}{}.{ANY} (Pseudo-device that captures on all interfaces) [Up, Running]\n",
        devices.len() + 1
    )
}

/// The device of this name, or of this place in the list; without one the first that is up and no loopback device. None:
/// all.
fn chosen<'a>(devices: &'a [Device], name: Option<&str>) -> Result<Option<&'a Device>, String> {
    let Some(name) = name else {
        let usual = devices.iter().find(|device| device.up && !device.loopback);
        return Ok(usual.or(devices.first()));
    };
    if name == ANY {
        return Ok(None);
    }
    let numbered = || devices.get(name.parse::<usize>().ok()?.checked_sub(1)?);
    let found = devices.iter().find(|device| device.name == name).or_else(numbered);
    found.map(Some).ok_or_else(|| format!("{name}: No such device exists\n(No such device exists)"))
}

/// A socket with the options.
fn open(options: &Options, device: Option<&Device>) -> Result<PacketSocket, String> {
    let refused = |code| format!("socket: {}", text(code));
    let socket = create_packet_socket(Form::Frames, 0).map_err(refused)?;
    let set = |option: &PacketOption| socket.set(option).map_err(refused);
    set(&PacketOption::ReceiveBuffer(BUFFER))?;
    set(&PacketOption::SnapLength(options.snap_length))?;
    set(&PacketOption::IgnoreOutgoing(options.direction == Direction::In))?;
    let wit = |instruction: &crate::filter::Instruction| {
        let crate::filter::Instruction { code, jump_true: jt, jump_false: jf, k } = *instruction;
        Instruction { code, jt, jf, k }
    };
    set(&PacketOption::Filter(options.program.iter().map(wit).collect()))?;
    if let Some(device) = device.filter(|device| options.promiscuous && !device.loopback) {
        socket.set_promiscuous(device.index, true).map_err(refused)?;
    }
    socket.bind(device.map_or(0, |device| device.index), ALL).map_err(refused)?;
    Ok(socket)
}

impl Capture<'_> {
    /// Shows or writes frames until it is enough.
    fn follow(&mut self) -> io::Result<()> {
        let interrupted = interrupt::subscribe();
        let input = self.socket.subscribe();
        loop {
            if poll(&[&interrupted, &input]).contains(&0) {
                return Ok(());
            }
            let frames = self.socket.receive(BATCH).map_err(|code| io::Error::other(text(code)))?;
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
            for frame in frames {
                let Some(seen) = self.seen(frame, now) else { continue };
                if !self.sink.take(&seen)? {
                    return self.sink.out.flush();
                }
            }
            self.sink.out.flush()?;
        }
    }

    /// The frame, if it is wanted. What leaves by the loopback device comes in again. libpcap: `linux_check_direction`.
    fn seen(&self, frame: IncomingFrame, now: Duration) -> Option<Seen> {
        let device = self.devices.get(&frame.device);
        let way = match frame.packet_type {
            PacketType::Host => Way::In,
            PacketType::Broadcast => Way::Broadcast,
            PacketType::Multicast => Way::Multicast,
            PacketType::OtherHost => Way::Other,
            PacketType::Outgoing => Way::Out,
        };
        let comes_again = way == Way::Out && device.is_some_and(|device| device.loopback);
        if comes_again || (self.options.direction == Direction::Out && way != Way::Out) {
            return None;
        }
        let (bytes, length) = match frame.vlan {
            Some(tag) => (tagged(frame.data, tag), frame.length + 4),
            None => (frame.data, frame.length),
        };
        Some(Seen {
            at: now.saturating_sub(Duration::from_nanos(frame.waited)),
            device: device.map_or_else(|| frame.device.to_string(), |device| device.name.clone()),
            way,
            bytes,
            length: length as usize,
        })
    }

    /// What was counted.
    fn tell(&self) -> Result<(), String> {
        let counts = self.socket.statistics().map_err(|code| text(code).to_owned())?;
        let line =
            |count: u64, what: &str| eprintln!("{count} packet{} {what}", if count == 1 { "" } else { "s" });
        line(self.sink.taken, "captured");
        line(counts.packets, "received by filter");
        line(counts.drops, "dropped by kernel");
        Ok(())
    }
}

/// What is said when a call failed.
fn text(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::AccessDenied => "Operation not permitted (--grant packet)",
        code => error::text(code),
    }
}
