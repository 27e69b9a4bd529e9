//! What is shown, in lines or in JSON.

use crate::options::Options;
use tool_common::json::Json;

/// What is shown of many things: the lines of each, or their objects.
pub(crate) struct Output {
    options: Options,
    lines: String,
    values: Vec<Json>,
}

impl Output {
    pub(crate) fn new(options: &Options) -> Self {
        Output { options: *options, lines: String::new(), values: Vec::new() }
    }

    /// One more thing: its lines, each with its end, and its object.
    pub(crate) fn push(&mut self, lines: &str, value: Json) {
        if self.options.json {
            return self.values.push(value);
        }
        if self.options.oneline {
            self.lines.push_str(&lines.trim_end_matches('\n').replace('\n', "\\"));
            self.lines.push('\n');
        } else {
            self.lines.push_str(lines);
        }
    }

    /// All of it.
    pub(crate) fn finish(self) -> String {
        match (self.options.json, self.options.pretty) {
            (false, _) => self.lines,
            (true, false) => Json::List(self.values).compact() + "\n",
            (true, true) => Json::List(self.values).pretty() + "\n",
        }
    }
}
