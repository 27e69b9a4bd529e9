//! A caller through the table, as the tool is one.
#![allow(unsafe_code)]

#[path = "../../src/abi.rs"]
#[allow(dead_code, reason = "not every function is called")]
mod abi;

use crate::Outcome;
use abi::{Init, Interface};
use libc::{c_int, c_void, socklen_t};
use packetdrill::language::ast::Flags;
use packetdrill::packet::decode::Tcp;
use packetdrill::packet::{Transport, decode, encode};
use std::ffi::CString;
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Command;
use std::ptr::null_mut;

/// An address that is not the library's default: it has to find it out.
const LOCAL: Ipv4Addr = Ipv4Addr::new(192, 168, 44, 55);
const REMOTE: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);
const PORT: u16 = 8080;
const PEER_PORT: u16 = 4242;

macro_rules! ensure {
    ($condition:expr, $($text:tt)*) => {
        if !$condition {
            return Err(format!($($text)*));
        }
    };
}

/// Looks a function up in a library.
unsafe fn symbol(library: *mut c_void, name: &str) -> Result<*mut c_void, String> {
    let c_name = CString::new(name).map_err(|error| error.to_string())?;
    // SAFETY: the handle is dlopen's, the name a C string.
    let found = unsafe { libc::dlsym(library, c_name.as_ptr()) };
    if found.is_null() { Err(format!("the library has no {name}")) } else { Ok(found) }
}

fn load(file: &Path) -> Result<*mut c_void, String> {
    let name = CString::new(file.as_os_str().as_bytes()).map_err(|error| error.to_string())?;
    // SAFETY: the name is a C string; the library's initialisers are Rust's own.
    let library = unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_LOCAL) };
    if library.is_null() { Err(format!("{} cannot be loaded", file.display())) } else { Ok(library) }
}

/// The tool's side of the table.
struct Tool(Interface);

impl Tool {
    fn send(&self, flags: &str, seq: u32, ack: u32, payload: usize) {
        let ip =
            encode::Ip { source: REMOTE.into(), destination: LOCAL.into(), tos: 0, ttl: 64, flow_label: 0 };
        let has = |letter| flags.contains(letter);
        let segment = Tcp {
            source: PEER_PORT,
            destination: PORT,
            seq,
            ack,
            flags: Flags { syn: has('S'), ack: has('.'), psh: has('P'), ..Flags::default() },
            window: 30_000,
            payload: vec![7; payload],
            ..Tcp::default()
        };
        let packet = encode::tcp(&ip, &segment);
        // SAFETY: the packet is as long as said.
        unsafe { (self.0.netdev_send)(null_mut(), packet.as_ptr().cast(), packet.len()) };
    }

    /// The next segment, and when it left, in microseconds.
    fn receive(&self) -> Result<(Tcp, i64), String> {
        let (mut buffer, mut len, mut time) = (vec![0u8; 65_536], 65_536, 0);
        // SAFETY: the buffer is as long as said.
        let status =
            unsafe { (self.0.netdev_receive)(null_mut(), buffer.as_mut_ptr().cast(), &mut len, &mut time) };
        ensure!(status == 0 && len > 0, "no packet came");
        let decoded = decode::decode(&buffer[..len]).map_err(|error| format!("{error:?}"))?;
        ensure!(decoded.source == LOCAL, "it came from {}", decoded.source);
        match decoded.transport {
            Transport::Tcp(tcp) => Ok((tcp, time)),
            other => Err(format!("{other:?}")),
        }
    }

    fn now(&self) -> i64 {
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
        // SAFETY: the time is ours to be written.
        unsafe { (self.0.gettimeofday)(null_mut(), &mut time, null_mut()) };
        time.tv_sec * 1_000_000 + time.tv_usec
    }

    fn listen(&self) -> Result<c_int, String> {
        // SAFETY: the address is one, and as long as said.
        unsafe {
            let fd = (self.0.socket)(null_mut(), libc::AF_INET, libc::SOCK_STREAM, libc::IPPROTO_TCP);
            let address = libc::sockaddr_in {
                sin_family: libc::AF_INET as u16,
                sin_port: PORT.to_be(),
                sin_addr: libc::in_addr { s_addr: u32::from_ne_bytes(LOCAL.octets()) },
                sin_zero: [0; 8],
            };
            let len = size_of::<libc::sockaddr_in>() as socklen_t;
            let bound = (self.0.bind)(null_mut(), fd, (&raw const address).cast(), len);
            let listening = (self.0.listen)(null_mut(), fd, 5);
            ensure!(fd >= 0 && bound == 0 && listening == 0, "socket {fd}, bind {bound}, listen {listening}");
            Ok(fd)
        }
    }
}

pub(crate) fn a_caller_in_c_plays_a_connection() -> Outcome {
    let library = load(&crate::library()?)?;
    let mut table = MaybeUninit::<Interface>::uninit();
    // SAFETY: the functions of these names have these types; the table is filled in by the first.
    let (tool, getsockopt, init) = unsafe {
        let init: Init = std::mem::transmute(symbol(library, "packetdrill_interface_init")?);
        init(c"".as_ptr(), table.as_mut_ptr());
        let getsockopt: Getsockopt = std::mem::transmute(symbol(library, "getsockopt")?);
        (Tool(table.assume_init()), getsockopt, init)
    };
    commands_reach_the_stack_and_not_this_computer()?;
    let (fd, acknowledged) = connection(&tool)?;
    blocking_calls_end_when_data_comes(&tool, fd, acknowledged)?;
    code_blocks_get_tcp_info(getsockopt, fd)?;
    // SAFETY: nothing but a descriptor.
    unsafe {
        ensure!((tool.0.close)(null_mut(), fd) == 0, "close");
        (tool.0.free)(null_mut());
        // The next script of a command line finds nothing of the one before.
        let mut next = MaybeUninit::<Interface>::uninit();
        init(c"".as_ptr(), next.as_mut_ptr());
        ensure!(shell("sysctl -n net.ipv4.tcp_sack")? == "1", "the machine is not new");
        (next.assume_init().free)(null_mut());
    }
    Ok(None)
}

type Getsockopt = unsafe extern "C" fn(c_int, c_int, c_int, *mut c_void, *mut socklen_t) -> c_int;

fn shell(text: &str) -> Result<String, String> {
    let output = Command::new("/bin/sh").args(["-c", text]).output().map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_string())
}

fn commands_reach_the_stack_and_not_this_computer() -> Result<(), String> {
    let file = "/proc/sys/net/ipv4/tcp_syn_retries";
    let before = std::fs::read_to_string(file).unwrap_or_default();
    for (text, expected) in [
        ("sysctl -n net.ipv4.tcp_sack", "1"),
        ("sysctl -q net.ipv4.tcp_sack=0; sysctl -n net.ipv4.tcp_sack", "0"),
        ("cat /proc/sys/net/ipv4/tcp_sack", "0"),
        ("echo 11 > /proc/sys/net/ipv4/tcp_syn_retries; cat /proc/sys/net/ipv4/tcp_syn_retries", "11"),
        ("cd /proc/sys/net/ipv4 && echo 0 > tcp_dsack && sysctl -n net.ipv4.tcp_dsack", "0"),
        ("echo 1 2>/dev/null > /proc/sys/net/ipv4/tcp_none || echo no", "no"),
    ] {
        let said = shell(text)?;
        ensure!(said == expected, "{text}: {said}, expected {expected}");
    }
    let after = std::fs::read_to_string(file).unwrap_or_default();
    ensure!(before == after, "{file} was {before}, now it is {after}");
    Ok(())
}

/// A handshake, data and its acknowledgement; the descriptor of the connection, and what the peer acknowledges.
fn connection(tool: &Tool) -> Result<(c_int, u32), String> {
    let listener = tool.listen()?;
    tool.send("S", 1000, 0, 0);
    let (syn_ack, _) = tool.receive()?;
    ensure!(syn_ack.flags.syn && syn_ack.ack == 1001, "{syn_ack:?}");
    // What a file said takes effect before the next call.
    let retries = shell("sysctl -n net.ipv4.tcp_syn_retries")?;
    ensure!(retries == "11", "tcp_syn_retries is {retries}");
    tool.send(".", 1001, syn_ack.seq.wrapping_add(1), 0);
    // SAFETY: no address is wanted; the data is as long as said.
    let (fd, written) = unsafe {
        let fd = (tool.0.accept)(null_mut(), listener, null_mut(), null_mut());
        (fd, (tool.0.write)(null_mut(), fd, [1u8; 500].as_ptr().cast(), 500))
    };
    ensure!(fd >= 0 && written == 500, "accept {fd}, write {written}");
    let (data, sent) = tool.receive()?;
    ensure!(data.payload.len() == 500 && sent <= tool.now(), "{data:?} at {sent}");
    let (again, later) = tool.receive()?;
    ensure!(again.payload.len() == 500 && later - sent >= 200_000, "sent again after {} us", later - sent);
    let acknowledged = data.seq.wrapping_add(500);
    tool.send(".", 1001, acknowledged, 0);
    Ok((fd, acknowledged))
}

fn blocking_calls_end_when_data_comes(tool: &Tool, fd: c_int, acknowledged: u32) -> Result<(), String> {
    let (read, gettimeofday) = (tool.0.read, tool.0.gettimeofday);
    let reader = std::thread::spawn(move || {
        let mut buffer = [0u8; 100];
        let mut time = libc::timeval { tv_sec: 0, tv_usec: 0 };
        // SAFETY: the buffer is as long as said, the time ours.
        unsafe {
            let len = read(null_mut(), fd, buffer.as_mut_ptr().cast(), buffer.len());
            gettimeofday(null_mut(), &mut time, null_mut());
            (len, time.tv_sec * 1_000_000 + time.tv_usec)
        }
    });
    let begun = tool.now();
    // SAFETY: only a number. The reader may come later than this; then it finds the data there.
    unsafe { (tool.0.usleep)(null_mut(), 50_000) };
    ensure!(tool.now() - begun >= 50_000, "no time passed");
    tool.send("P.", 1001, acknowledged, 60);
    let (len, _) = reader.join().map_err(|_| "the reader panicked")?;
    ensure!(len == 60, "the reader got {len}");
    Ok(())
}

fn code_blocks_get_tcp_info(getsockopt: Getsockopt, fd: c_int) -> Result<(), String> {
    let mut info = [0u8; 300];
    let mut len = info.len() as socklen_t;
    // SAFETY: the value is as long as said.
    let status =
        unsafe { getsockopt(fd, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &mut len) };
    ensure!(status == 0 && len > 104 && info[0] == 1, "status {status}, {len} bytes, state {}", info[0]);
    // SAFETY: as before. Standard input is no socket of ours.
    let status =
        unsafe { getsockopt(0, libc::IPPROTO_TCP, libc::TCP_INFO, info.as_mut_ptr().cast(), &mut len) };
    ensure!(status == -1, "the C library answers for its own descriptors");
    Ok(())
}
