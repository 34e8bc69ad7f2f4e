//! What the watch of presence begins with: the counts of the two newest versions of each flow.

use super::error::StoreError;
use super::record::{FLOW_END, MOST};
use super::{
    pack::{Packed, flags},
    schema::Store,
};
use rustc_hash::{FxHashMap, FxHashSet};
use std::collections::BTreeMap;
use std::ops::ControlFlow;

/// One flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSeed {
    /// Its organization.
    pub(crate) organization: String,
    /// Its id.
    pub(crate) flow: String,
    /// Its name; empty when it is not known.
    pub(crate) name: String,
    /// Its two newest versions, the newest first.
    pub(crate) versions: Vec<VersionSeed>,
}

/// One version of a flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionSeed {
    /// As the platform writes it.
    pub(crate) version: String,
    /// Calls that passed the end of their flow while being observed; where they are few, those alone of which every call that
    /// started beside them was followed, too.
    pub(crate) calls: u64,
    /// Key, purpose, and how many of those calls had the key then.
    pub(crate) present: Vec<(String, String, u64)>,
}

impl Store {
    /// The counts of the two newest versions of each flow: the newest is the one whose first call is.
    pub(crate) fn seeds(&mut self) -> Result<Vec<FlowSeed>, StoreError> {
        let mut counts: FxHashMap<i64, (u64, i64)> = FxHashMap::default();
        let select = format!(
            "SELECT flow, CAST(SUM(at{FLOW_END}) AS BIGINT), MIN(first_started) FROM sidetone_day
             WHERE calls > 0 GROUP BY flow"
        );
        self.database.query(&select, &[], &mut |row| {
            counts.insert(row.int(0), (row.int(1).max(0) as u64, row.int(2)));
            ControlFlow::Continue(())
        })?;
        // Programs that wrote versions as the platform does (`42.0`) left a row of their own for each.
        let mut flows: FxHashMap<(String, String), FxHashMap<String, Vec<i64>>> = FxHashMap::default();
        for row in counts.iter().filter(|(_, (calls, _))| *calls > 0).map(|(row, _)| *row) {
            let Some((organization, flow)) = self.names.flows.get(&row) else { continue };
            if !flow.id.is_empty() && !flow.version.is_empty() {
                let versions = flows.entry((organization.clone(), flow.id.clone())).or_default();
                versions.entry(flow.version.clone()).or_default().push(row);
            }
        }
        let mut seeds = Vec::new();
        for ((organization, flow), versions) in flows {
            let mut versions: Vec<(String, Vec<i64>)> = versions.into_iter().collect();
            let began = |rows: &[i64]| rows.iter().map(|row| counts[row].1).min();
            versions.sort_by_key(|(_, rows)| std::cmp::Reverse(began(rows)));
            versions.truncate(2);
            let mut names = versions.iter().flat_map(|(_, rows)| rows).map(|row| &self.names.flows[row].1.name);
            let name = names.find(|name| !name.is_empty()).cloned().unwrap_or_default();
            let mut seeded = Vec::new();
            for (version, rows) in versions {
                let calls = rows.iter().map(|row| counts[row].0).sum();
                seeded.push(self.version_seed(&organization, version, &rows, calls)?);
            }
            let versions = seeded;
            seeds.push(FlowSeed { organization, flow, name, versions });
        }
        seeds.sort_by(|a, b| (&a.organization, &a.flow).cmp(&(&b.organization, &b.flow)));
        Ok(seeds)
    }

    fn version_seed(
        &mut self,
        organization: &str,
        version: String,
        rows: &[i64],
        calls: u64,
    ) -> Result<VersionSeed, StoreError> {
        let select = format!(
            "SELECT key, purpose, CAST(SUM(at{FLOW_END}) AS BIGINT) FROM sidetone_day_key
             WHERE flow = $1 AND seen > 0 GROUP BY key, purpose"
        );
        let (mut present, names) = (BTreeMap::new(), &self.names);
        for row in rows {
            self.database.query(&select, &[(*row).into()], &mut |row| {
                let (key, purpose) = (names.name(row.int(0)), names.name(row.int(1)));
                *present.entry((key.to_owned(), purpose.to_owned())).or_default() += row.int(2).max(0) as u64;
                ControlFlow::Continue(())
            })?;
        }
        let mut calls = calls;
        if calls <= MOST as u64 {
            for unfair in self.unfair_calls(organization, rows)? {
                calls = calls.saturating_sub(1);
                let there = unfair.keys.iter().filter(|key| flags(key.present)[FLOW_END]);
                let there: FxHashSet<_> = there.map(|key| (key.key, key.purpose)).collect();
                for (key, purpose) in there {
                    let key = (self.names.name(key).to_owned(), self.names.name(purpose).to_owned());
                    present.entry(key).and_modify(|present: &mut u64| *present = present.saturating_sub(1));
                }
            }
        }
        let present = present.into_iter().map(|((key, purpose), present)| (key, purpose, present)).collect();
        Ok(VersionSeed { version, calls, present })
    }

    /// The calls of a version that are no fair sample. Nobody collects when a watch begins, so that what was observed last ended.
    fn unfair_calls(&mut self, organization: &str, rows: &[i64]) -> Result<Vec<Packed>, StoreError> {
        let (mut span, mut started) = ((i64::MAX, 0), (i64::MAX, 0));
        for row in rows {
            let select = "SELECT MIN(first_id), MAX(last_id), MIN(first_started), MAX(last_started) FROM sidetone_day
                WHERE flow = $1 AND calls > 0";
            self.database.query(select, &[(*row).into()], &mut |row| {
                span = (span.0.min(row.int(0)), span.1.max(row.int(1)));
                started = (started.0.min(row.int(2)), started.1.max(row.int(3)));
                ControlFlow::Continue(())
            })?;
        }
        let unfair = self.unfair((organization, rows), span, started, (FLOW_END, i64::MAX))?;
        Ok(unfair.into_iter().map(|stored| stored.call).collect())
    }
}
