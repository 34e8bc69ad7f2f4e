//! Shares by version and by day.

use super::{DayShare, Share, VersionShare, day_name, rfc3339, scope::DayCell};
use crate::store::{error::StoreError, record::DAY_MS, schema::Store};
use rustc_hash::FxHashSet;
use std::{collections::BTreeMap, ops::ControlFlow};

impl Store {
    pub(super) fn by_version(
        &mut self,
        cells: &BTreeMap<(i64, i64), DayCell>,
    ) -> Result<Vec<VersionShare>, StoreError> {
        let known = self.organizations()?;
        let of = |row: &i64| self.names.flows.get(row).map(|(organization, _)| organization.as_str());
        let organizations: FxHashSet<&str> = cells.keys().filter_map(|(_, row)| of(row)).collect();
        let are_several = organizations.len() > 1;
        let mut versions: BTreeMap<(&str, &str, &str), VersionShare> = BTreeMap::new();
        let mut last_started: BTreeMap<(&str, &str, &str), i64> = BTreeMap::new();
        for ((_, row), cell) in cells {
            if cell.first_id == 0 || cell.calls == 0 {
                continue;
            }
            let Some((organization, flow)) = self.names.flows.get(row) else { continue };
            let identity = (organization.as_str(), flow.id.as_str(), flow.version.as_str());
            let version = versions.entry(identity).or_insert_with(|| VersionShare {
                organization_id: are_several.then(|| organization.clone()),
                organization: known.get(organization).filter(|_| are_several).cloned(),
                flow_version: Some(flow.version.clone()).filter(|text| !text.is_empty()),
                flow_name: Some(flow.name.clone()).filter(|text| !text.is_empty()),
                share: Share::default(),
                first: String::new(),
                last: String::new(),
                rows: Vec::new(),
                flow: (organization.clone(), flow.id.clone()),
                began: i64::MAX,
            });
            version.share.add(cell.calls, cell.present);
            version.began = version.began.min(cell.first_started);
            if !version.rows.contains(row) {
                version.rows.push(*row);
            }
            let last = last_started.entry(identity).or_default();
            *last = (*last).max(cell.last_started);
        }
        let mut found: Vec<VersionShare> = (versions.into_iter())
            .map(|(identity, mut version)| {
                version.first = rfc3339(version.began);
                version.last = rfc3339(last_started[&identity]);
                version
            })
            .collect();
        found.sort_by(|a, b| (&a.flow, a.began).cmp(&(&b.flow, b.began)));
        Ok(found)
    }

    pub(super) fn by_day(
        &mut self,
        cells: &BTreeMap<(i64, i64), DayCell>,
        first_day: i64,
        now: i64,
    ) -> Result<Vec<DayShare>, StoreError> {
        let mut days: BTreeMap<i64, Share> = BTreeMap::new();
        for ((day, _), cell) in cells.iter().filter(|(_, cell)| cell.first_id != 0) {
            days.entry(*day).or_default().add(cell.calls, cell.present);
        }
        let mut collected = FxHashSet::default();
        self.database.query("SELECT since, until FROM sidetone_collected", &[], &mut |row| {
            let (since, until) = (row.int(0).div_euclid(DAY_MS), row.int(1).div_euclid(DAY_MS));
            // A damaged time must not make a list of a million days.
            collected.extend(since.max(until - 4000)..=until);
            ControlFlow::Continue(())
        })?;
        let Some(first) = days.keys().next().copied() else { return Ok(Vec::new()) };
        let last = (*days.keys().next_back().unwrap_or(&first)).max(now.div_euclid(DAY_MS).min(first + 4000));
        let day = |day: i64| {
            let share = days.get(&day).copied().or_else(|| collected.contains(&day).then(Share::default));
            DayShare {
                day: day_name(day),
                calls: share.map(|share| share.calls),
                present: share.map(|share| share.present),
                missing: share.map(|share| share.missing),
            }
        };
        Ok((first.max(first_day)..=last).map(day).collect())
    }
}
