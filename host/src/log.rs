//! The log: lines on standard error, filtered by `WNET_LOG`, or by `RUST_LOG` when that is not set; warnings
//! and errors by default. Standard output belongs to the guest.

use std::fmt;
use std::io::IsTerminal;
use tracing::{Event, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::FmtContext;
use tracing_subscriber::fmt::format::{Format, FormatEvent, FormatFields, Writer};
use tracing_subscriber::registry::LookupSpan;

/// The environment variables that filter the log, the first one set being used.
const VARIABLES: [&str; 2] = ["WNET_LOG", "RUST_LOG"];

/// Begins to write the log. `name`, if there is one, stands before each line.
///
/// # Errors
/// A line that says what is wrong with the filter.
pub fn start(name: Option<&str>) -> Result<(), String> {
    let filter = filter(|variable| std::env::var(variable).ok())?;
    let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // Where nobody reads the log, saying so there would be a panic.
        .log_internal_errors(false)
        .with_ansi(colours)
        .event_format(Named { name: name.map(str::to_string), format: Format::default() })
        .finish();
    // It fails when there is a log already, as in tests that start several instances.
    let _ = tracing::subscriber::set_global_default(subscriber);
    Ok(())
}

/// The filter that the environment asks for.
fn filter(variable: impl Fn(&str) -> Option<String>) -> Result<EnvFilter, String> {
    let set = VARIABLES
        .into_iter()
        .find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)));
    match set {
        None => Ok(EnvFilter::new("warn")),
        Some((name, value)) => EnvFilter::try_new(&value).map_err(|error| {
            format!("{name}={value}: {error}; expected a level or TARGET=LEVEL, as debug or wnet=trace")
        }),
    }
}

/// The usual format behind the instance's name.
struct Named {
    name: Option<String>,
    format: Format,
}

impl<S, N> FormatEvent<S, N> for Named
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(writer, "{name}: ")?;
        }
        self.format.format_event(context, writer, event)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_variable_that_is_set_filters() {
        let table: [(&[(&str, &str)], &str); 5] = [
            (&[], "warn"),
            (&[("RUST_LOG", "info")], "info"),
            (&[("WNET_LOG", "debug"), ("RUST_LOG", "info")], "debug"),
            (&[("WNET_LOG", ""), ("RUST_LOG", "info")], "info"),
            (&[("WNET_LOG", "warn,wnet::gateway=trace")], "wnet::gateway=trace,warn"),
        ];
        for (variables, expected) in table {
            let filter =
                filter(|name| variables.iter().find(|(n, _)| *n == name).map(|(_, v)| v.to_string()));
            assert_eq!(filter.unwrap().to_string(), expected, "{variables:?}");
        }
    }

    #[test]
    fn a_bad_filter_is_named() {
        let error = filter(|_| Some("wnet=loud".into())).unwrap_err();
        assert!(error.starts_with("WNET_LOG=wnet=loud: "), "{error}");
    }
}
