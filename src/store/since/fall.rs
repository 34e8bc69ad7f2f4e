//! Where presence fell.

use super::{ExampleCall, NotJudged, Share, StoreQuestion, VersionShare, calls::WantedCall, rfc3339, scope::Judged};
use crate::domain::presence::{has_fallen, is_few, is_too_few_to_tell};
use crate::store::{error::StoreError, record::LONGEST, schema::Store};
use std::collections::BTreeMap;

/// Calls that started earlier are stored at most so many rows after a later one.
const NEAR: i64 = 64;

/// Where presence fell.
#[derive(Default)]
pub(super) struct LastFall {
    pub(super) first_missing: Option<ExampleCall>,
    pub(super) last_present: Option<ExampleCall>,
    /// Before and after.
    pub(super) shares: Option<(Share, Share)>,
    pub(super) too_few: bool,
    pub(super) not_judged: Option<NotJudged>,
}

impl Store {
    /// The last fall of presence: between two versions of a flow, else between two days. Calls of which no version is known are
    /// no version to compare.
    pub(super) fn fall(
        &mut self,
        question: &StoreQuestion,
        (key, purpose, queue): (i64, i64, Option<i64>),
        judged: &Judged,
        versions: &[VersionShare],
    ) -> Result<LastFall, StoreError> {
        let cells = &judged.cells;
        let share = |version: &VersionShare| {
            let mut share = Share::default();
            let own = cells.iter().filter(|((_, row), _)| version.rows.contains(row));
            own.for_each(|(_, cell)| share.add(cell.calls, cell.present));
            share
        };
        let known: Vec<(&VersionShare, Share)> = (versions.iter())
            .filter(|version| version.flow_version.is_some())
            .map(|version| (version, share(version)))
            .filter(|(_, share)| share.calls > 0)
            .collect();
        let pairs = || known.windows(2).filter(|pair| pair[0].0.flow == pair[1].0.flow);
        let fallen = pairs().filter(|pair| has_fallen(pair[0].1.counts(), pair[1].1.counts()));
        let fallen = fallen.max_by_key(|pair| pair[1].0.began);
        let is_newest = |pair: &&[(&VersionShare, Share)]| {
            !known.iter().any(|(other, _)| other.flow == pair[1].0.flow && other.began > pair[1].0.began)
        };
        let too_few = fallen.is_none()
            && (pairs().filter(is_newest).any(|pair| is_too_few_to_tell(pair[0].1.counts(), pair[1].1.counts()))
                || looks_fallen_by_unfair(judged, versions));
        let not_judged = if fallen.is_none() { not_judged(judged, versions) } else { None };
        let mut found = LastFall { too_few, not_judged, ..LastFall::default() };
        let (first_rows, rows, from_day) = match fallen {
            Some(pair) => {
                found.shares = Some((pair[0].1, pair[1].1));
                let of_flow = versions.iter().filter(|version| version.flow == pair[1].0.flow);
                (pair[1].0.rows.clone(), of_flow.flat_map(|version| version.rows.clone()).collect(), i64::MIN)
            }
            None => {
                let mut days: BTreeMap<i64, Share> = BTreeMap::new();
                for ((day, _), cell) in cells.iter().filter(|(_, cell)| cell.calls > 0) {
                    days.entry(*day).or_default().add(cell.calls, cell.present);
                }
                let days: Vec<_> = days.into_iter().collect();
                let fallen = days.windows(2).rfind(|pair| has_fallen(pair[0].1.counts(), pair[1].1.counts()));
                let Some(pair) = fallen else { return Ok(found) };
                (found.too_few, found.not_judged) = (false, None);
                found.shares = Some((pair[0].1, pair[1].1));
                let rows: Vec<i64> = versions.iter().flat_map(|version| version.rows.clone()).collect();
                (rows.clone(), rows, pair[1].0)
            }
        };
        let wanted = WantedCall { key, purpose, by: question.by, queue, present: false, before: i64::MAX };
        let spans = cells
            .iter()
            .filter(|((day, row), cell)| *day >= from_day && first_rows.contains(row) && cell.calls > cell.present);
        let spans: Vec<_> = spans.map(|(_, cell)| (cell.first_id, cell.last_id)).collect();
        let mut first = None;
        for span in spans {
            first = self.find_call(&wanted, &first_rows, span, false)?;
            if first.is_some() {
                break;
            }
        }
        let Some(first) = first else { return Ok(found) };
        // Rows follow the order in which calls were seen first, nearly that of their starts.
        let (last_row, before) = (first.row + NEAR, first.started);
        let wanted = WantedCall { present: true, before, ..wanted };
        let spans = cells.iter().rev().filter(|((_, row), cell)| rows.contains(row) && cell.present > 0);
        let spans: Vec<_> = spans.map(|(_, cell)| (cell.first_id, cell.last_id.min(last_row))).collect();
        found.first_missing = Some(first.witness);
        for span in spans.into_iter().filter(|(from, to)| from <= to) {
            if let Some(last) = self.find_call(&wanted, &rows, span, true)? {
                found.last_present = Some(last.witness);
                break;
            }
        }
        Ok(found)
    }
}

/// The counts of a version without the calls that are no fair sample.
fn fair(judged: &Judged, version: &VersionShare) -> Share {
    let mut share = version.share;
    let unfair = version.rows.iter().filter_map(|row| judged.unfair.get(row));
    unfair.for_each(|unfair| share.add(-unfair.calls, -unfair.present));
    share
}

/// Each newest version of a flow, with the one before.
fn newest_pairs(versions: &[VersionShare]) -> Vec<(&VersionShare, &VersionShare)> {
    let known: Vec<&VersionShare> = versions.iter().filter(|version| version.flow_version.is_some()).collect();
    let pairs = known.windows(2).filter(|pair| {
        let is_newest = !known.iter().any(|other| other.flow == pair[1].flow && other.began > pair[1].began);
        pair[0].flow == pair[1].flow && is_newest
    });
    pairs.map(|pair| (pair[0], pair[1])).collect()
}

/// The newest version of a flow looks as if presence had fallen, by calls that are no fair sample; of the others there are few.
fn looks_fallen_by_unfair(judged: &Judged, versions: &[VersionShare]) -> bool {
    newest_pairs(versions).into_iter().any(|(before, after)| {
        let (fair_before, fair_after) = (fair(judged, before).counts(), fair(judged, after).counts());
        has_fallen(before.share.counts(), after.share.counts())
            && !has_fallen(fair_before, fair_after)
            && is_few(fair_before.calls.min(fair_after.calls))
    })
}

/// The newest version that would have fallen if all of its calls were judged.
fn not_judged(judged: &Judged, versions: &[VersionShare]) -> Option<NotJudged> {
    let pairs = newest_pairs(versions)
        .into_iter()
        .filter(|(before, after)| has_fallen(fair(judged, before).counts(), fair(judged, after).counts()));
    let waiting = pairs.filter_map(|(_, after)| {
        let own = judged.waiting.iter().filter(|(flow, _)| after.rows.contains(flow));
        Some((after, own.map(|(_, started)| *started).max()?))
    });
    let (version, newest) = waiting.max_by_key(|(version, _)| version.began)?;
    Some(NotJudged {
        flow_name: version.flow_name.clone(),
        flow_version: version.flow_version.clone(),
        share: version.share,
        until: rfc3339(newest + LONGEST),
    })
}
