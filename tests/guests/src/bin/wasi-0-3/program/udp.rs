//! Questions about UDP.

use super::addresses::{LOOPBACK, at, elsewhere, other, port};
use super::bindings::wasi::sockets::types::{ErrorCode, IpAddressFamily, IpSocketAddress, UdpSocket};
use super::wait::{begin, both};
use std::pin::pin;

/// Runs all.
pub(crate) async fn ask() {
    for family in LOOPBACK {
        data(family).await;
        a_peer_alone(family).await;
        giving_up(family).await;
        nobody_there(family).await;
        refusals(family).await;
    }
}

fn create(family: IpAddressFamily) -> UdpSocket {
    UdpSocket::create(family).expect("a socket")
}

fn bound(family: IpAddressFamily) -> (UdpSocket, IpSocketAddress) {
    let socket = create(family);
    socket.bind(at(family, 1, 0)).expect("a port");
    let local = socket.get_local_address().expect("an address");
    (socket, local)
}

/// From nothing to the largest datagram, from a socket that is bound by sending.
async fn data(family: IpAddressFamily) {
    let (receiver, to) = bound(family);
    let sender = create(family);
    assert!(matches!(sender.receive().await, Err(ErrorCode::InvalidState)), "it is not bound");
    assert!(matches!(sender.get_local_address(), Err(ErrorCode::InvalidState)));
    for size in [0, 1, 9000, 65_507] {
        sender.send(vec![size as u8; size], Some(to)).await.expect("sent");
        let (data, from) = receiver.receive().await.expect("received");
        assert!(data.len() == size && data.iter().all(|byte| *byte == size as u8));
        assert_eq!(port(from), port(sender.get_local_address().expect("it is bound now")));
    }
    let large = sender.send(vec![0; 65_530], Some(to)).await;
    assert!(matches!(large, Err(ErrorCode::DatagramTooLarge)), "{large:?}");
}

/// Who is connected hears its peer alone, and may leave it.
async fn a_peer_alone(family: IpAddressFamily) {
    let ((socket, address), (peer, peers), (stranger, strangers)) =
        (bound(family), bound(family), bound(family));
    assert!(matches!(socket.get_remote_address(), Err(ErrorCode::InvalidState)));
    assert!(matches!(socket.disconnect(), Err(ErrorCode::InvalidState)));
    socket.connect(peers).expect("a peer");
    assert_eq!(port(socket.get_remote_address().expect("a peer")), port(peers));
    stranger.send(b"psst".to_vec(), Some(address)).await.expect("sent");
    peer.send(b"hello".to_vec(), Some(address)).await.expect("sent");
    assert_eq!(socket.receive().await.expect("received").0, b"hello");
    socket.send(b"yes?".to_vec(), None).await.expect("sent");
    socket.send(b"yes!".to_vec(), Some(peers)).await.expect("sent");
    assert_eq!(peer.receive().await.expect("received").0, b"yes?");
    let elsewhere = socket.send(Vec::new(), Some(strangers)).await;
    assert!(matches!(elsewhere, Err(ErrorCode::InvalidArgument)), "{elsewhere:?}");
    socket.connect(strangers).expect("another peer");
    socket.disconnect().expect("no peer");
    assert!(matches!(socket.get_remote_address(), Err(ErrorCode::InvalidState)));
    assert!(matches!(socket.send(Vec::new(), None).await, Err(ErrorCode::InvalidArgument)));
    stranger.send(b"now?".to_vec(), Some(address)).await.expect("sent");
    assert_eq!(socket.receive().await.expect("received").0, b"now?");
}

/// Two may wait, whatever becomes of the socket meanwhile; who gives up loses nothing.
async fn giving_up(family: IpAddressFamily) {
    let ((socket, address), (peer, peers)) = (bound(family), bound(family));
    {
        let mut read = pin!(socket.receive());
        begin(read.as_mut()).await;
    }
    let send = async {
        socket.connect(peers).expect("a peer");
        for data in [b"one", b"two"] {
            peer.send(data.to_vec(), Some(address)).await.expect("sent");
        }
    };
    let ((one, two), ()) = both(both(socket.receive(), socket.receive()), send).await;
    let mut data = [one.expect("received").0, two.expect("received").0];
    data.sort();
    assert_eq!(data, [b"one", b"two"]);
}

/// The loopback device refuses like any other.
async fn nobody_there(family: IpAddressFamily) {
    let (gone, address) = bound(family);
    drop(gone);
    let socket = create(family);
    socket.connect(address).expect("a peer, as far as anybody knows");
    assert_ne!(port(socket.get_local_address().expect("it is bound now")), 0);
    socket.send(b"anybody?".to_vec(), None).await.expect("sent");
    let refused = socket.receive().await;
    assert!(matches!(refused, Err(ErrorCode::ConnectionRefused)), "{refused:?}");
}

/// Addresses that will not do.
async fn refusals(family: IpAddressFamily) {
    let (_taken, local) = bound(family);
    let socket = create(family);
    assert!(matches!(socket.bind(local), Err(ErrorCode::AddressInUse)));
    assert!(matches!(socket.bind(elsewhere(family)), Err(ErrorCode::AddressNotBindable)));
    assert!(matches!(socket.bind(at(other(family), 1, 0)), Err(ErrorCode::InvalidArgument)));
    for to in [at(other(family), 1, 80), at(family, 1, 0), at(family, 0, 80)] {
        assert!(matches!(socket.connect(to), Err(ErrorCode::InvalidArgument)), "{to:?}");
        let refused = socket.send(Vec::new(), Some(to)).await;
        assert!(matches!(refused, Err(ErrorCode::InvalidArgument)), "{to:?}: {refused:?}");
    }
    assert!(matches!(socket.send(Vec::new(), None).await, Err(ErrorCode::InvalidArgument)));
    assert!(matches!(socket.get_local_address(), Err(ErrorCode::InvalidState)), "nothing has bound it");
    socket.bind(at(family, 1, 0)).expect("a port");
    assert!(matches!(socket.bind(at(family, 1, 0)), Err(ErrorCode::InvalidState)));
    assert!(matches!(socket.set_unicast_hop_limit(0), Err(ErrorCode::InvalidArgument)));
    socket.set_unicast_hop_limit(9).expect("an option");
    assert!(matches!(socket.get_unicast_hop_limit(), Ok(9)));
}
