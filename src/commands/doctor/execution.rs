//! Whether the platform records what flows do, which is what `why` rests on.

use super::{Check, DoctorReport};
use crate::{
    domain::ConversationId,
    genesys::{Client, client::ExecutionLogLevel},
};
use std::io;

/// An id that no conversation has: asking for it shows whether asking is allowed.
pub(super) const NOBODY: &str = "00000000-0000-4000-8000-000000000000";
/// What is missing without it.
const WITHOUT: &str = "why a key is missing is answered from the flow's definition alone";
/// Where it is switched on.
const WHERE: &str = "Admin > Account Settings > Organization Settings > Execution Data";

/// The switch, the level, and the permissions to search runs and to read their records.
pub(super) async fn run(client: &Client, report: &mut DoctorReport) -> io::Result<()> {
    let recorded = client.records_executions().await;
    report.tell(&match &recorded {
        Ok(Some(true)) => Check::pass(
            "execution data",
            "is on; runs of flows that were not published since it was switched on have no record",
        ),
        Ok(Some(false)) => Check::warn(
            "execution data",
            format!("is off: {WITHOUT}"),
            format!("Switch it on ({WHERE}) and publish the flows again. The platform warns that sensitive data may be stored."),
        ),
        Ok(None) => Check::warn("execution data", "the platform does not say whether it is on", format!("See {WHERE}.")),
        Err(error) => Check::lacking("execution data", error, "whether runs of flows are recorded is not known"),
    })?;
    if matches!(recorded, Ok(Some(false))) {
        return Ok(());
    }
    report.tell(&match client.execution_level().await {
        Ok(level) => of_level(&level),
        Err(error) => Check::lacking("execution level", &error, "whether values and names are recorded is not known"),
    })?;
    // A conversation that nobody has: whether asking is allowed shows all the same.
    let search = client.flow_instances(&ConversationId::new(NOBODY)).await;
    report.tell(&match search {
        Ok(_) => Check::pass("flow instances", "may be searched"),
        Err(error) => Check::lacking("flow instances", &error, WITHOUT),
    })?;
    report.tell(&match client.may_read_runs(NOBODY).await {
        Ok(()) => Check::pass("flow records", "may be read"),
        Err(error) => Check::lacking("flow records", &error, WITHOUT),
    })
}

fn of_level(level: &ExecutionLogLevel) -> Check {
    const NAME: &str = "execution level";
    let called = if level.level.is_empty() { "not known" } else { level.level.as_str() };
    let lowest =
        "Set the default log level to All, and that of flows that have one of their own, then publish them again.";
    match (level.level.as_str(), level.characteristics.execution_input_outputs) {
        ("Disabled", _) => {
            Check::warn(NAME, format!("{called}: {WITHOUT}, for flows without a level of their own"), lowest)
        }
        (_, Some(true)) => Check::pass(NAME, format!("{called}: keys and values that actions set are recorded")),
        (_, Some(false)) => Check::warn(
            NAME,
            format!("{called}: which actions ran is recorded, not the keys and values that they set"),
            lowest,
        ),
        ("All", None) => Check::pass(NAME, "All"),
        (_, None) => Check::warn(NAME, format!("{called}: whether keys and values are recorded is not known"), lowest),
    }
}

#[cfg(test)]
mod tests {
    use super::super::CheckStatus;
    use super::*;
    use crate::genesys::client::Switches;

    #[test]
    fn a_level_says_what_is_recorded() {
        let of = |level: &str, inputs| {
            let characteristics = Switches { execution_input_outputs: inputs, names: None };
            let check = of_level(&ExecutionLogLevel { level: level.into(), characteristics });
            (check.status, check.message)
        };
        assert_eq!(of("All", Some(true)).0, CheckStatus::Pass);
        assert_eq!(of("All", None).0, CheckStatus::Pass);
        assert_eq!(of("Base", Some(true)).0, CheckStatus::Pass, "switches can be set one by one");
        let base = of("Base", Some(false));
        assert!(base.0 == CheckStatus::Warn && base.1.contains("not the keys"), "{base:?}");
        assert!(of("Disabled", None).1.contains("definition alone"));
        assert!(of("", None).1.starts_with("not known"));
    }
}
