//! What the watch of presence begins with: the counts of the two newest versions of each flow.

use super::error::StoreError;
use super::record::FLOW_END;
use super::schema::Store;
use rustc_hash::FxHashMap;
use std::collections::BTreeMap;
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
                seeded.push(self.version_seed(version, &rows, calls)?);
            }
            let versions = seeded;
            seeds.push(FlowSeed { organization, flow, name, versions });
        }
        seeds.sort_by(|a, b| (&a.organization, &a.flow).cmp(&(&b.organization, &b.flow)));
        Ok(seeds)
    }

    fn version_seed(&mut self, version: String, rows: &[i64], calls: u64) -> Result<VersionSeed, StoreError> {
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
        let present = present.into_iter().map(|((key, purpose), present)| (key, purpose, present)).collect();
        Ok(VersionSeed { version, calls, present })
    }
}
