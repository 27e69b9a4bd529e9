//! The other end of the shims: this executable under the name of `sysctl`, `ip`, ... .
//!
//! A request is the words, each ended by a NUL byte. A reply is the exit status in 4 bytes, the length of the output
//! in 4 bytes, the output, and what is left is complaints.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use super::Reply;
use super::known::PROGRAMS;

/// The environment variable that names the interpreter's socket.
pub const SOCKET: &str = "WNET_PACKETDRILL_SOCKET";

/// To be called first of all in `main` of a program that runs scripts: if the program was started as a shim, does
/// what the shim is there for and returns the exit status; otherwise nothing.
pub fn shim_main() -> Option<i32> {
    let mut words: Vec<String> = std::env::args().collect();
    let program = words.first()?.rsplit('/').next()?.to_owned();
    let socket = std::env::var_os(SOCKET)?;
    if !PROGRAMS.contains(&program.as_str()) {
        return None;
    }
    words[0] = program;
    let reply = ask(UnixStream::connect(socket).ok(), &words);
    let _ = std::io::stdout().write_all(reply.output.as_bytes());
    let _ = std::io::stderr().write_all(reply.errors.as_bytes());
    Some(reply.status)
}

/// Asks the interpreter to do a command.
pub fn ask(stream: Option<UnixStream>, words: &[String]) -> Reply {
    let lost = || Reply::error(126, "the interpreter does not answer\n");
    let Some(mut stream) = stream else { return lost() };
    let request: Vec<u8> = words.iter().flat_map(|word| word.bytes().chain([0])).collect();
    let mut answer = Vec::new();
    let sent = stream.write_all(&request).and_then(|()| stream.shutdown(std::net::Shutdown::Write));
    match sent.and_then(|()| stream.read_to_end(&mut answer)) {
        Ok(_) => decode_reply(&answer).unwrap_or_else(lost),
        Err(_) => lost(),
    }
}

/// The words of a request.
pub fn decode_request(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// A reply for a shim.
pub fn encode_reply(reply: &Reply) -> Vec<u8> {
    let mut bytes = reply.status.to_le_bytes().to_vec();
    bytes.extend((reply.output.len() as u32).to_le_bytes());
    bytes.extend(reply.output.as_bytes());
    bytes.extend(reply.errors.as_bytes());
    bytes
}

fn decode_reply(bytes: &[u8]) -> Option<Reply> {
    let number = |at: usize| Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
    let output = bytes.get(8..8 + number(4)? as usize)?;
    let errors = &bytes[8 + output.len()..];
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(Reply { status: number(0)? as i32, output: text(output), errors: text(errors) })
}
