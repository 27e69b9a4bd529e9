//! What a client and an instance say to each other, as bytes. `docs/command-line.md` describes it.
//!
//! Numbers are little-endian. A text is its length in bytes (32 bits) and its bytes in UTF-8, a list its length
//! (32 bits) and its items. What is longer than [`MAX_BODY`] is refused before anything of it is kept, so that a
//! client costs an instance no more than that and [`MAX_DIRECTORIES`] descriptors.

use crate::gate::{Grant, Grants};

/// The protocol's version.
const VERSION: u16 = 1;

/// What each request begins with.
const MAGIC: [u8; 4] = *b"wnet";

/// Bytes of a request's header.
pub(super) const HEADER_LEN: usize = 12;

/// Most bytes of a request behind its header: arguments and environment. Linux allows programs 2 MiB.
const MAX_BODY: u32 = 1 << 20;

/// Most directories of a tool.
pub(super) const MAX_DIRECTORIES: usize = 16;

/// Most bytes of the text of a reply.
const MAX_TEXT: u32 = 1 << 16;

/// Byte of the client: the user wants the tool to end (SIGINT).
pub(super) const INTERRUPT: u8 = b'i';

/// What a client asks for. Its descriptors are the tool's file, its standard input, output and error (pipes), and a
/// directory for each of `directories`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Request {
    /// What the tool is called in messages; its `argv[0]`.
    pub(super) name: String,
    /// Which of its standard streams are terminals for the user.
    pub(super) terminals: [bool; 3],
    /// What it may do.
    pub(super) grants: Grants,
    /// Its arguments without the name.
    pub(super) arguments: Vec<String>,
    /// Its environment.
    pub(super) environment: Vec<(String, String)>,
    /// The paths of its directories, as it sees them.
    pub(super) directories: Vec<String>,
}

/// How a tool ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// What `wnet exec` ends with.
    pub exit_code: u8,
    /// A line for the user; empty if there is nothing to say.
    pub text: String,
}

/// Why bytes are no request. Each reads as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestError {
    /// The client is no `wnet`.
    NoRequest,
    /// It is one of another time.
    Version(u16),
    /// It is longer than it may be.
    TooLong,
    /// It ends within a value, or says what makes no sense.
    Malformed,
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            RequestError::NoRequest => f.write_str("this is no request of wnet exec"),
            RequestError::Version(version) => {
                write!(
                    f,
                    "this instance speaks version {VERSION} of the protocol, the client version {version}"
                )
            }
            RequestError::TooLong => write!(f, "arguments and environment are longer than {MAX_BODY} bytes"),
            RequestError::Malformed => f.write_str("the request is malformed"),
        }
    }
}

/// Reads a request's header: how many bytes follow.
pub(super) fn body_length(header: [u8; HEADER_LEN]) -> Result<usize, RequestError> {
    let mut header = Reader(&header);
    if header.take(MAGIC.len())? != MAGIC {
        return Err(RequestError::NoRequest);
    }
    let version = u16::from_le_bytes(header.array()?);
    // Two bytes of room for later versions.
    let _: [u8; 2] = header.array()?;
    match header.number()? {
        _ if version != VERSION => Err(RequestError::Version(version)),
        length if length > MAX_BODY => Err(RequestError::TooLong),
        length => Ok(length as usize),
    }
}

impl Request {
    /// Header and body.
    pub(super) fn encode(&self) -> Result<Vec<u8>, RequestError> {
        let mut body = Writer::default();
        body.text(&self.name);
        body.0.extend(self.terminals.map(u8::from));
        body.list(self.grants.iter().collect::<Vec<_>>(), |body, grant| body.text(grant.name()));
        body.list(&self.arguments, |body, argument| body.text(argument));
        body.list(&self.environment, |body, (name, value)| {
            body.text(name);
            body.text(value);
        });
        body.list(&self.directories, |body, path| body.text(path));
        let length = u32::try_from(body.0.len()).ok().filter(|length| *length <= MAX_BODY);
        let length = length.ok_or(RequestError::TooLong)?;
        let header = [&MAGIC[..], &VERSION.to_le_bytes(), &[0; 2], &length.to_le_bytes()].concat();
        Ok([header, body.0].concat())
    }

    /// Reads a body.
    pub(super) fn decode(body: &[u8]) -> Result<Self, RequestError> {
        let mut body = Reader(body);
        let name = body.text()?;
        let terminals = body.array()?.map(|terminal: u8| terminal != 0);
        let grants = body.list(|body| Grant::named(&body.text()?).ok_or(RequestError::Malformed))?;
        let arguments = body.list(Reader::text)?;
        let environment = body.list(|body| Ok((body.text()?, body.text()?)))?;
        let directories = body.list(Reader::text)?;
        if !body.0.is_empty() || directories.len() > MAX_DIRECTORIES {
            return Err(RequestError::Malformed);
        }
        let grants = grants.into_iter().collect();
        Ok(Request { name, terminals, grants, arguments, environment, directories })
    }
}

impl Reply {
    /// Bytes of a reply in front of its text: the exit code and the text's length.
    pub(super) const HEAD_LEN: usize = 5;

    /// A failure of the host.
    pub(super) fn failure(text: impl std::fmt::Display) -> Self {
        Reply { exit_code: crate::failure::HOST_FAILED, text: text.to_string() }
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        let text = &self.text.as_bytes()[..self.text.floor_char_boundary(MAX_TEXT as usize)];
        [&[self.exit_code][..], &(text.len() as u32).to_le_bytes(), text].concat()
    }

    /// Reads what stands in front of the text: the exit code and the text's length.
    pub(super) fn decode_head([exit_code, length @ ..]: [u8; Self::HEAD_LEN]) -> Option<(u8, usize)> {
        let length = u32::from_le_bytes(length);
        (length <= MAX_TEXT).then_some((exit_code, length as usize))
    }
}

/// Bytes to be read from the front.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], RequestError> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(RequestError::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], RequestError> {
        self.take(N)?.try_into().map_err(|_| RequestError::Malformed)
    }

    fn number(&mut self) -> Result<u32, RequestError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn text(&mut self) -> Result<String, RequestError> {
        let length = self.number()? as usize;
        let text = std::str::from_utf8(self.take(length)?);
        Ok(text.map_err(|_| RequestError::Malformed)?.to_string())
    }

    /// A list grows as its items are read: a length that is not true costs nothing.
    fn list<T>(
        &mut self,
        mut item: impl FnMut(&mut Self) -> Result<T, RequestError>,
    ) -> Result<Vec<T>, RequestError> {
        (0..self.number()?).map(|_| item(self)).collect()
    }
}

/// Bytes to be written.
#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    // Lengths that do not fit are those of a body that is refused as a whole.
    fn number(&mut self, number: usize) {
        self.0.extend(u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len());
        self.0.extend(text.as_bytes());
    }

    fn list<T>(
        &mut self,
        items: impl IntoIterator<Item = T, IntoIter: ExactSizeIterator>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        let items = items.into_iter();
        self.number(items.len());
        items.for_each(|value| item(self, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Request {
        Request {
            name: "ping".into(),
            terminals: [false, true, true],
            grants: [Grant::Ping, Grant::Control].into_iter().collect(),
            arguments: vec!["-c".into(), "3".into(), "ä".into(), String::new()],
            environment: vec![("HOME".into(), "/".into())],
            directories: vec!["/data".into()],
        }
    }

    #[test]
    fn requests_survive_the_way() {
        for request in [example(), Request::default()] {
            let bytes = request.encode().unwrap();
            let (header, body) = bytes.split_first_chunk().unwrap();
            assert_eq!(body_length(*header), Ok(body.len()));
            assert_eq!(Request::decode(body), Ok(request));
        }
    }

    #[test]
    fn every_truncation_and_every_wrong_byte_is_survived() {
        let bytes = example().encode().unwrap();
        let (header, body) = bytes.split_first_chunk::<HEADER_LEN>().unwrap();
        for length in 0..body.len() {
            assert_eq!(Request::decode(&body[..length]), Err(RequestError::Malformed), "{length}");
        }
        for place in 0..body.len() {
            for value in [0, 1, 0x7f, 0x80, 0xff] {
                let mut changed = body.to_vec();
                changed[place] = value;
                let _ = Request::decode(&changed);
            }
        }
        assert_eq!(Request::decode(&[body, &[0]].concat()), Err(RequestError::Malformed));
        let changed = |place: usize, value| {
            let mut header = *header;
            header[place] = value;
            body_length(header)
        };
        assert_eq!(changed(0, b'W'), Err(RequestError::NoRequest));
        assert_eq!(changed(4, 9), Err(RequestError::Version(9)));
        assert_eq!(changed(11, 1), Err(RequestError::TooLong));
    }

    #[test]
    fn what_is_too_long_is_refused() {
        let long = Request { arguments: vec!["x".repeat(MAX_BODY as usize)], ..example() };
        assert_eq!(long.encode(), Err(RequestError::TooLong));
        let many = Request { directories: vec!["/".into(); MAX_DIRECTORIES + 1], ..example() };
        let bytes = many.encode().unwrap();
        assert_eq!(Request::decode(&bytes[HEADER_LEN..]), Err(RequestError::Malformed));
    }

    #[test]
    fn replies_survive_the_way() {
        for reply in [Reply { exit_code: 3, text: "no".into() }, Reply { exit_code: 0, text: "".into() }] {
            let bytes = reply.encode();
            let (head, text) = bytes.split_first_chunk().unwrap();
            assert_eq!(Reply::decode_head(*head), Some((reply.exit_code, text.len())));
            assert_eq!(text, reply.text.as_bytes());
        }
        assert_eq!(Reply::decode_head([1, 0, 0, 0, 1]), None);
        let long = Reply { exit_code: 1, text: "ä".repeat(100_000) }.encode();
        assert!(std::str::from_utf8(&long[Reply::HEAD_LEN..]).is_ok());
    }
}
