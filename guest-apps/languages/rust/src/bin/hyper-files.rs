//! `hyper-files PORT`: a web server of the files below `/`, on hyper and tokio.
//!
//! `wnet run --dir FOLDER::/ ...` gives it the files; any number of clients at once.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use bytes::Bytes;
use http_body_util::channel::{Channel, Sender};
use hyper::body::Incoming;
use hyper::header::CONTENT_LENGTH;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

/// Bytes that are read of a file at once.
const CHUNK: usize = 64 * 1024;

/// A file on its way, piece by piece.
type Body = Channel<Bytes, io::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let port: u16 = std::env::args().nth(1).and_then(|port| port.parse().ok()).expect("PORT");
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::UNSPECIFIED, port))).await?;
    println!("listening on {}", listener.local_addr()?);
    loop {
        let (client, address) = listener.accept().await?;
        tokio::spawn(async move {
            let mut server = http1::Builder::new();
            let connection =
                server.timer(TokioTimer::new()).serve_connection(TokioIo::new(client), service_fn(answer));
            if let Err(error) = connection.await {
                eprintln!("{address}: {error}");
            }
        });
    }
}

/// The file that is asked for, or why there is none.
async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let (sender, body) = Channel::new(1);
    let mut response = Response::new(body);
    if request.method() != Method::GET {
        *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
        return Ok(response);
    }
    match open(request.uri().path()) {
        Ok((file, length)) => {
            response.headers_mut().insert(CONTENT_LENGTH, length.into());
            tokio::spawn(send(file, sender));
        }
        Err(_) => *response.status_mut() = StatusCode::NOT_FOUND,
    }
    Ok(response)
}

/// Opens a file by its path; out of the folder that we were given no path leads.
fn open(path: &str) -> io::Result<(File, u64)> {
    let file = File::open(PathBuf::from(path))?;
    let about = file.metadata()?;
    if about.is_file() { Ok((file, about.len())) } else { Err(io::ErrorKind::IsADirectory.into()) }
}

async fn send(mut file: File, mut sender: Sender<Bytes, io::Error>) {
    let mut chunk = vec![0; CHUNK];
    loop {
        let piece = match file.read(&mut chunk) {
            Ok(0) => return,
            Ok(length) => Bytes::copy_from_slice(&chunk[..length]),
            Err(error) => return sender.abort(error),
        };
        if sender.send_data(piece).await.is_err() {
            return; // Nobody wants the rest.
        }
    }
}
