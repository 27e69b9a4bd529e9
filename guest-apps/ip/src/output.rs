//! What is shown, in lines or in JSON. It goes out as it comes: a list may be long.

use crate::options::Options;
use tool_common::json::Json;
use tool_common::show;

/// Bytes that are kept before they are written.
const BUFFER: usize = 1 << 16;

/// What is shown of many things: the lines of each, or their objects.
pub(crate) struct Output {
    options: Options,
    text: String,
    /// Something was shown.
    any: bool,
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        Output { options: *options, text: String::new(), any: false }
    }

    /// One more thing: its lines, each with its end, and its object.
    pub(crate) fn push(&mut self, lines: &str, value: Json) {
        let first = !std::mem::replace(&mut self.any, true);
        match (self.options.json, self.options.oneline) {
            (true, _) => self.text += &value.item(first, self.options.pretty),
            (false, true) => {
                self.text += &lines.trim_end_matches('\n').replace('\n', "\\");
                self.text.push('\n');
            }
            (false, false) => self.text += lines,
        }
        if self.text.len() >= BUFFER {
            show(&self.text);
            self.text.clear();
        }
    }

    /// What is left of it.
    pub(crate) fn finish(mut self) -> String {
        let Options { json, pretty, .. } = self.options;
        self.text += match (json, pretty, self.any) {
            (false, ..) => "",
            (true, true, true) => " ]\n",
            (true, false, true) => "]\n",
            (true, true, false) => "[ ]\n",
            (true, false, false) => "[]\n",
        };
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_piece_by_piece_is_one_list() {
        for pretty in [false, true] {
            let options = Options { json: true, pretty, ..Options::default() };
            for count in 0..3 {
                let values: Vec<_> =
                    (0..count).map(|number| Json::Object(vec![("a", Json::Number(number))])).collect();
                let mut output = Output::new(&options);
                values.iter().for_each(|value| output.push("", value.clone()));
                let whole = Json::List(values);
                let whole = if pretty { whole.pretty() } else { whole.compact() };
                assert_eq!(output.finish(), whole + "\n");
            }
        }
    }
}
