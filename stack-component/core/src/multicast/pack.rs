//! Records put into as few reports as they need.

use super::report::Record;
use crate::wire::igmp::RecordType;
use alloc::vec::Vec;

/// The records of each report, where a report has room for `room` bytes of them, a record takes `head` bytes without its
/// sources and a source `each`. A list that is too long for one report goes into several, but if it says who is not
/// wanted: of that one the beginning alone is told (RFC 3376 section 4.2.16). Linux: `add_grec`.
pub fn batches(records: Vec<Record>, room: usize, head: usize, each: usize) -> Vec<Vec<Record>> {
    let mut batches: Vec<Vec<Record>> = Vec::new();
    let mut left = 0;
    for mut record in records {
        let excludes = matches!(record.kind, RecordType::IsExclude | RecordType::ToExclude);
        loop {
            let needed = head + each * record.sources.len();
            let least = if excludes { needed } else { needed.min(head + each) };
            if least > left || batches.is_empty() {
                batches.push(Vec::new());
                left = room;
            }
            let fitting = (left.saturating_sub(head) / each).max(1);
            let rest = match record.sources.len() > fitting {
                true => record.sources.split_off(fitting),
                false => Vec::new(),
            };
            left = left.saturating_sub(head + each * record.sources.len());
            let (kind, group) = (record.kind, record.group);
            batches.last_mut().into_iter().for_each(|batch| batch.push(record.clone()));
            if rest.is_empty() || excludes {
                break;
            }
            record = Record { kind, group, sources: rest };
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;
    use RecordType::{Allow, IsExclude};
    use core::net::Ipv4Addr;

    fn record(kind: RecordType, sources: u8) -> Record {
        let group = Ipv4Addr::new(239, 0, 0, 1).into();
        Record {
            kind,
            group,
            sources: (0..sources).map(|last| Ipv4Addr::new(10, 0, 0, last).into()).collect(),
        }
    }

    /// Records by their numbers of sources, and how many of these the records of each report have.
    type Row = (&'static [(RecordType, u8)], &'static [&'static [usize]]);

    #[test]
    fn records_go_into_as_few_reports_as_they_need() {
        let rows: [Row; 6] = [
            (&[], &[]),
            (&[(Allow, 0), (IsExclude, 3)], &[&[0, 3]]),
            (&[(Allow, 4), (Allow, 4)], &[&[4, 2], &[2]]),
            (&[(Allow, 4), (IsExclude, 4)], &[&[4], &[4]]),
            (&[(Allow, 20)], &[&[8], &[8], &[4]]),
            (&[(IsExclude, 20), (Allow, 1)], &[&[8], &[1]]),
        ];
        for (records, expected) in rows {
            let records = records.iter().map(|&(kind, sources)| record(kind, sources)).collect();
            let found: Vec<Vec<usize>> = batches(records, 40, 8, 4)
                .iter()
                .map(|batch| batch.iter().map(|record| record.sources.len()).collect())
                .collect();
            assert_eq!(found, expected);
        }
    }
}
