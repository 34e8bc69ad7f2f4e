//! What the watch of presence begins with: the counts of the two newest versions of each flow.

use super::error::StoreError;
use super::record::FLOW_END;
use super::schema::Store;
use rustc_hash::FxHashMap;
use std::ops::ControlFlow;

/// One flow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlowSeed {
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
pub(crate) struct VersionSeed {
    /// As the platform writes it.
    pub(crate) version: String,
    /// Calls that passed the end of their flow while being observed.
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
        let mut flows: FxHashMap<(String, String), Vec<i64>> = FxHashMap::default();
        for row in counts.iter().filter(|(_, (calls, _))| *calls > 0).map(|(row, _)| *row) {
            let Some((organization, flow)) = self.names.flows.get(&row) else { continue };
            if !flow.id.is_empty() && !flow.version.is_empty() {
                flows.entry((organization.clone(), flow.id.clone())).or_default().push(row);
            }
        }
        let mut seeds = Vec::new();
        for ((organization, flow), mut rows) in flows {
            rows.sort_by_key(|row| std::cmp::Reverse(counts[row].1));
            rows.truncate(2);
            let name = rows.iter().map(|row| &self.names.flows[row].1.name).find(|name| !name.is_empty());
            let name = name.cloned().unwrap_or_default();
            let versions =
                rows.into_iter().map(|row| self.version_seed(row, counts[&row].0)).collect::<Result<_, _>>()?;
            seeds.push(FlowSeed { organization, flow, name, versions });
        }
        seeds.sort_by(|a, b| (&a.organization, &a.flow).cmp(&(&b.organization, &b.flow)));
        Ok(seeds)
    }

    fn version_seed(&mut self, row: i64, calls: u64) -> Result<VersionSeed, StoreError> {
        let select = format!(
            "SELECT key, purpose, CAST(SUM(at{FLOW_END}) AS BIGINT) FROM sidetone_day_key
             WHERE flow = $1 AND seen > 0 GROUP BY key, purpose"
        );
        let (mut present, names) = (Vec::new(), &self.names);
        self.database.query(&select, &[row.into()], &mut |row| {
            let (key, purpose) = (names.name(row.int(0)), names.name(row.int(1)));
            present.push((key.to_owned(), purpose.to_owned(), row.int(2).max(0) as u64));
            ControlFlow::Continue(())
        })?;
        present.sort();
        let version = names.flows.get(&row).map(|(_, flow)| flow.version.clone()).unwrap_or_default();
        Ok(VersionSeed { version, calls, present })
    }
}
