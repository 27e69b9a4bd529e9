//! The table. iproute2: `struct column columns[]`, `render`.

use crate::options::Options;

/// What stands in the columns of a socket.
pub(crate) struct Row {
    pub(crate) netid: &'static str,
    pub(crate) state: &'static str,
    pub(crate) receive_queue: u32,
    pub(crate) send_queue: u32,
    /// Address and port.
    pub(crate) local: (String, String),
    /// The same of the peer; empty: there is none ever.
    pub(crate) peer: (String, String),
    /// What stands behind.
    pub(crate) extra: String,
}

/// How a column is laid out.
struct Column {
    title: &'static str,
    /// What stands before it.
    before: &'static str,
    right: bool,
    /// The least width.
    least: usize,
}

const COLUMNS: [Column; 8] = [
    Column { title: "Netid", before: "", right: false, least: 0 },
    Column { title: "State", before: " ", right: false, least: 0 },
    Column { title: "Recv-Q", before: " ", right: false, least: 6 },
    Column { title: "Send-Q", before: " ", right: false, least: 6 },
    Column { title: "Local Address:", before: " ", right: true, least: 0 },
    Column { title: "Port", before: "", right: false, least: 0 },
    Column { title: "Peer Address:", before: " ", right: true, least: 0 },
    Column { title: "Port", before: "", right: false, least: 0 },
];

/// All of it, the head first. Lines do not end in spaces.
pub(crate) fn table(rows: &[Row], options: &Options) -> String {
    let shown = |place: usize| match place {
        0 => options.shows_protocol(),
        1 => options.shows_state(),
        _ => true,
    };
    let cells: Vec<[String; 8]> = rows.iter().map(cells).collect();
    let widths: [usize; 8] = std::array::from_fn(|place| {
        let widest = cells.iter().map(|cells| cells[place].len()).max().unwrap_or(0);
        let head = if options.no_header { 0 } else { COLUMNS[place].title.len() };
        widest.max(head).max(COLUMNS[place].least)
    });
    let line = |cells: [&str; 8], extra: &str| {
        let mut out = String::new();
        for (place, (column, cell)) in
            COLUMNS.iter().zip(cells).enumerate().filter(|(place, _)| shown(*place))
        {
            out.push_str(if out.is_empty() { "" } else { column.before });
            let width = widths[place];
            out.push_str(&if column.right { format!("{cell:>width$}") } else { format!("{cell:<width$}") });
        }
        out.push_str(extra);
        out.trim_end().to_owned() + "\n"
    };
    let head = (!options.no_header).then(|| line(COLUMNS.map(|column| column.title), "Process"));
    let body = cells
        .iter()
        .zip(rows)
        .map(|(cells, row)| line(std::array::from_fn(|at| cells[at].as_str()), &row.extra));
    head.into_iter().chain(body).collect()
}

fn cells(row: &Row) -> [String; 8] {
    [
        row.netid.into(),
        row.state.into(),
        row.receive_queue.to_string(),
        row.send_queue.to_string(),
        format!("{}:", row.local.0),
        row.local.1.clone(),
        if row.peer.0.is_empty() { "*".into() } else { format!("{}:", row.peer.0) },
        row.peer.1.clone(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(netid: &'static str, state: &'static str, local: (&str, &str), peer: (&str, &str)) -> Row {
        let pair = |(host, port): (&str, &str)| (host.to_owned(), port.to_owned());
        let (local, peer) = (pair(local), pair(peer));
        Row { netid, state, receive_queue: 0, send_queue: 5, local, peer, extra: String::new() }
    }

    #[test]
    fn the_table_is_iproute2s() {
        let rows = [
            row("tcp", "LISTEN", ("127.0.0.1", "8080"), ("0.0.0.0", "*")),
            row("tcp", "TIME-WAIT", ("127.0.0.1", "37418"), ("127.0.0.1", "8080")),
        ];
        let options =
            |line: &str| Options::parse(&line.split(' ').map(String::from).collect::<Vec<_>>()).unwrap();
        assert_eq!(
            table(&rows, &options("-tan")),
            "State     Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess
LISTEN    0      5          127.0.0.1:8080       0.0.0.0:*
TIME-WAIT 0      5          127.0.0.1:37418    127.0.0.1:8080
"
        );
        assert_eq!(
            table(&rows[..1], &options("-anH")),
            "tcp LISTEN 0      5      127.0.0.1:8080 0.0.0.0:*\n"
        );
    }
}
