//! `echo-client HOST PORT`: sends standard input to an echo server and prints what comes back.
//!
//! Plain `std::net`, natively and as a WebAssembly component. A component has no threads and `std` has no
//! `poll`, so sending and receiving take turns: a chunk is sent, then exactly as many bytes are awaited, as an
//! echo server returns them. The chunk is smaller than any receive buffer, so that the server can always
//! return all of it while we still send: however long the input, nobody waits for the other for ever.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::process::ExitCode;

/// Bytes on their way at once.
const CHUNK: usize = 16 * 1024;

/// Sends `input` through `server` to `output`, closes our half at its end, and prints what still comes until
/// the server closes.
///
/// # Errors
/// If input, output or the connection fails, or the server closes before it returned everything.
fn talk(mut server: TcpStream, mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let length = read(&mut input, &mut chunk)?;
        if length == 0 {
            break;
        }
        server.write_all(&chunk[..length])?;
        receive(&mut server, length, &mut chunk, &mut output)?;
    }
    server.shutdown(Shutdown::Write)?;
    loop {
        let length = read(&mut server, &mut chunk)?;
        if length == 0 {
            return output.flush();
        }
        output.write_all(&chunk[..length])?;
    }
}

/// Prints the next `wanted` bytes from the server.
fn receive(
    server: &mut TcpStream,
    mut wanted: usize,
    chunk: &mut [u8],
    output: &mut impl Write,
) -> io::Result<()> {
    while wanted > 0 {
        let length = read(server, &mut chunk[..wanted])?;
        if length == 0 {
            let text = format!("the server closed, {wanted} bytes short");
            return Err(io::Error::new(ErrorKind::UnexpectedEof, text));
        }
        output.write_all(&chunk[..length])?;
        wanted -= length;
    }
    output.flush()
}

/// Reads once, whatever interrupts it. 0 is the end.
fn read(source: &mut impl Read, chunk: &mut [u8]) -> io::Result<usize> {
    loop {
        match source.read(chunk) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let parsed = match &arguments[..] {
        [host, port] => port.parse::<u16>().ok().map(|port| (host.as_str(), port)),
        _ => None,
    };
    let Some((host, port)) = parsed else {
        eprintln!("Usage: echo-client HOST PORT");
        return ExitCode::from(2);
    };
    let result = TcpStream::connect((host, port)).and_then(|server| talk(server, io::stdin(), io::stdout()));
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("echo-client: {host} port {port}: {error}");
            ExitCode::FAILURE
        }
    }
}
