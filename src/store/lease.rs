//! Leases: several collectors on one database divide what is watched among themselves. A lease is held for a time and
//! renewed; each change of holder raises its fence number, and every write names the fences under which it is made, so
//! that a collector that was paused and wakes up cannot write over its successor.

use super::database::Database;
use super::error::StoreError;
use super::schema::Store;
use std::{ops::ControlFlow, time::Duration};

/// The right to collect a target, and the number that proves it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Fence {
    /// What is collected, such as `org/queue/ID`.
    pub(crate) target: String,
    /// Who collects it.
    pub(crate) holder: String,
    /// Raised with each change of holder.
    pub(crate) number: i64,
}

/// A member's own target begins with this; holding it says that the collector lives.
const MEMBER: &str = "collector/";

/// Proves the fences within the transaction that writes under them, and keeps them until it ends.
pub(super) fn hold(database: &mut dyn Database, fences: &[Fence]) -> Result<(), StoreError> {
    for fence in fences {
        // An update that changes nothing takes the row's lock in both databases.
        let touch = "UPDATE sidetone_lease SET until = until WHERE target = $1 AND holder = $2 AND fence = $3";
        let values = [fence.target.as_str().into(), fence.holder.as_str().into(), fence.number.into()];
        if database.execute(touch, &values)? == 0 {
            return Err(StoreError::Fenced(fence.target.clone()));
        }
    }
    Ok(())
}

/// What came of a round of dividing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Division {
    /// What the collector holds now, its own membership included.
    pub(crate) held: Vec<Fence>,
    /// Targets that were taken over from a collector that had died, and since when nobody collected them. A keeper tells those of
    /// earlier rounds again.
    pub(crate) abandoned: Vec<(String, i64)>,
}

/// A lease that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TakenLease {
    /// The lease.
    pub(crate) fence: Fence,
    /// Until when its holder before observed the target, if that holder did not give it up: nobody did from then on.
    pub(crate) abandoned: Option<i64>,
}

impl Store {
    /// Takes the lease of a target if nobody holds it.
    pub(crate) fn acquire(
        &mut self,
        target: &str,
        holder: &str,
        time: Duration,
    ) -> Result<Option<TakenLease>, StoreError> {
        let now = self.database.now();
        let take = format!(
            "INSERT INTO sidetone_lease AS l (target, holder, fence, until, before) VALUES ($1, $2, 1, {now} + $3, 0)
             ON CONFLICT (target) DO UPDATE SET holder = $2, fence = l.fence + 1, before = l.until, until = {now} + $3
             WHERE l.until < {now} RETURNING fence, before"
        );
        // Its holder before may have died long before its lease ended: what counts is until when it observed.
        let observed = format!(
            "SELECT MAX(c.until) FROM sidetone_lease l JOIN sidetone_collected c ON c.collector = l.holder
             WHERE l.target = $1 AND l.until < {now} AND l.until > 0"
        );
        let observed = super::database::number(&mut *self.database, &observed, &[target.into()])?;
        let values = [target.into(), holder.into(), milliseconds(time).into()];
        let mut taken = None;
        self.database.query(&take, &values, &mut |row| {
            let fence = Fence { target: target.to_owned(), holder: holder.to_owned(), number: row.int(0) };
            let abandoned = Some(row.int(1)).filter(|until| *until > 0);
            taken = Some(TakenLease {
                fence,
                abandoned: abandoned.map(|until| observed.map_or(until, |at| at.min(until))),
            });
            ControlFlow::Continue(())
        })?;
        Ok(taken)
    }

    /// Holds on to a lease for another while; false when somebody else has it now.
    pub(crate) fn renew(&mut self, fence: &Fence, time: Duration) -> Result<bool, StoreError> {
        let now = self.database.now();
        let renew =
            format!("UPDATE sidetone_lease SET until = {now} + $4 WHERE target = $1 AND holder = $2 AND fence = $3");
        let values = [
            fence.target.as_str().into(),
            fence.holder.as_str().into(),
            fence.number.into(),
            milliseconds(time).into(),
        ];
        Ok(self.database.execute(&renew, &values)? > 0)
    }

    /// Gives a lease up, so that others need not wait for its end.
    pub(crate) fn release(&mut self, fence: &Fence) -> Result<(), StoreError> {
        let release = "UPDATE sidetone_lease SET until = 0 WHERE target = $1 AND holder = $2 AND fence = $3";
        let values = [fence.target.as_str().into(), fence.holder.as_str().into(), fence.number.into()];
        self.database.execute(release, &values).map(drop)
    }

    /// One round of dividing `targets`: renews the collector's own membership and what it holds, drops what it lost, gives
    /// up what is more than its share, takes what is free up to its share.
    pub(crate) fn divide(
        &mut self,
        holder: &str,
        targets: &[String],
        held: Vec<Fence>,
        time: Duration,
    ) -> Result<Division, StoreError> {
        let own = format!("{MEMBER}{holder}");
        let mut kept = Vec::new();
        let mut member = None;
        for fence in held {
            if !self.renew(&fence, time)? {
                continue;
            }
            if fence.target == own {
                member = Some(fence);
            } else {
                kept.push(fence);
            }
        }
        let member = match member {
            Some(member) => Some(member),
            None => self.acquire(&own, holder, time)?.map(|taken| taken.fence),
        };
        let mut abandoned = Vec::new();
        let share = self.share(holder, targets.len())?;
        while kept.len() > share {
            let fence = kept.pop().expect("more than the share");
            self.release(&fence)?;
        }
        for target in targets {
            if kept.len() >= share {
                break;
            }
            if kept.iter().all(|fence| fence.target != *target)
                && let Some(taken) = self.acquire(target, holder, time)?
            {
                abandoned.extend(taken.abandoned.map(|since| (taken.fence.target.clone(), since)));
                kept.push(taken.fence);
            }
        }
        kept.extend(member);
        Ok(Division { held: kept, abandoned })
    }

    /// How many of so many targets this collector should hold: the living share evenly, the first by name take the rest.
    fn share(&mut self, holder: &str, targets: usize) -> Result<usize, StoreError> {
        let now = self.database.now();
        let living =
            format!("SELECT holder FROM sidetone_lease WHERE target LIKE $1 AND until >= {now} ORDER BY holder");
        let pattern = format!("{MEMBER}%");
        let mut members = Vec::new();
        self.database.query(&living, &[pattern.as_str().into()], &mut |row| {
            members.push(row.text(0));
            ControlFlow::Continue(())
        })?;
        let Some(place) = members.iter().position(|member| member == holder) else { return Ok(0) };
        Ok(targets / members.len() + usize::from(place < targets % members.len()))
    }
}

fn milliseconds(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX / 2)
}
