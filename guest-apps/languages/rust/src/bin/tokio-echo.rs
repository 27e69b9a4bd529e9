//! `tokio-echo PORT`: sends back what clients send, all of them at once, over TCP and UDP.
//!
//! tokio with one thread, which is what it has on WASI: a task for each client.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use std::{env, io};

use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::time::timeout;

/// How long a client may be silent.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes read at once, and the longest datagram there is.
const CHUNK: usize = 64 * 1024;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let port: u16 = env::args().nth(1).and_then(|port| port.parse().ok()).expect("PORT");
    let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, port));
    let datagrams = UdpSocket::bind(address).await?;
    let listener = TcpListener::bind(address).await?;
    println!("listening on {}", listener.local_addr()?);
    tokio::try_join!(serve_streams(listener), serve_datagrams(datagrams))?;
    Ok(())
}

async fn serve_streams(listener: TcpListener) -> io::Result<()> {
    loop {
        let (client, address) = listener.accept().await?;
        tokio::spawn(async move {
            if let Err(error) = echo(client).await {
                eprintln!("{address}: {error}");
            }
        });
    }
}

/// Sends everything that arrives on `client` back, until its end.
async fn echo(client: TcpStream) -> io::Result<()> {
    let (mut input, mut output) = client.into_split();
    let mut chunk = vec![0; CHUNK];
    loop {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        match timeout(PATIENCE, input.read(&mut chunk)).await?? {
            0 => return output.shutdown().await,
            length => output.write_all(&chunk[..length]).await?,
        }
    }
}

async fn serve_datagrams(socket: UdpSocket) -> io::Result<()> {
    let mut datagram = vec![0; CHUNK];
    loop {
        let (length, sender) = socket.recv_from(&mut datagram).await?;
        socket.send_to(&datagram[..length], sender).await?;
    }
}
