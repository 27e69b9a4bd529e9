//! The program on its socket.

use crate::filter::show;
use crate::line::line;
use crate::options::{Direction, Options};
use crate::pcap;
use crate::seen::{Seen, Way, tagged};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
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

/// A capture that is under way.
struct Capture<'a> {
    options: &'a Options,
    devices: BTreeMap<u32, Device>,
    socket: PacketSocket,
    /// Frames of all devices are wanted.
    any: bool,
    out: Box<dyn Write>,
    captured: u64,
}

/// Captures to the end. The error is a line.
pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.show_program {
        print!("{}", show(&options.program));
        return Ok(());
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
    let mut out: Box<dyn Write> = match options.file.as_deref() {
        None | Some("-") => Box::new(io::stdout()),
        Some(file) => Box::new(File::create(file).map_err(|error| format!("{file}: {error}"))?),
    };
    if options.file.is_some() {
        pcap::write_head(&mut out, snap_length)
            .and_then(|()| out.flush())
            .map_err(|error| error.to_string())?;
    }
    let any = device.is_none();
    let devices = devices.into_iter().map(|device| (device.index, device)).collect();
    let mut capture = Capture { options, devices, socket, any, out, captured: 0 };
    let ended = capture.follow();
    capture.tell()?;
    match ended {
        // Who does not listen any more ends the program, and nothing else.
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
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
                self.captured += 1;
                match self.options.file {
                    Some(_) => pcap::write_frame(&mut self.out, &seen)?,
                    None => self.out.write_all(line(&seen, self.options, self.any).as_bytes())?,
                }
                if self.options.count.is_some_and(|count| self.captured >= count) {
                    return self.out.flush();
                }
            }
            self.out.flush()?;
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
        line(self.captured, "captured");
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
