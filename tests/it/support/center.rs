//! A simulator on a thread of its own, for tests that run the program against it.

use super::Program;
use sidetone::sim::{self, Fault, Placed, Running, Scenario, SimOptions, SimTuning};
use uuid::Uuid;

/// A simulated contact centre in which nothing happens by itself.
pub struct Center {
    pub sim: Running,
    // After the simulator, so that it ends first.
    _runtime: tokio::runtime::Runtime,
}

impl Center {
    /// With these faults.
    pub fn new(faults: &[&str]) -> Self {
        Self::with(faults, |_| {})
    }

    /// With these faults and options.
    pub fn with(faults: &[&str], change: impl FnOnce(&mut SimOptions)) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let faults: Vec<Fault> = faults.iter().map(|spec| spec.parse().expect("a fault")).collect();
        let tuning = SimTuning { apply_ms: 20, ..SimTuning::default() };
        let mut options =
            SimOptions { scenario: Scenario::clean(), calls: Some(0), faults, tuning, ..SimOptions::default() };
        change(&mut options);
        let sim = runtime.block_on(sim::start(options)).expect("the simulator");
        Self { sim, _runtime: runtime }
    }

    /// A call in a queue with these attributes on the customer.
    pub fn call(&self, attributes: &[(&str, &str)]) -> Uuid {
        let attributes = attributes.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let queue = Some(self.queue());
        self.sim.place(&Placed { queue, attributes, ..Placed::default() }).expect("a call")
    }

    /// The name of a queue.
    pub fn queue(&self) -> String {
        self.sim.with_world(|world| world.scenario().queues[0].name.clone())
    }

    /// A program that is set up for this contact centre by its environment alone.
    pub fn program(&self) -> Program {
        let mut program = Program::new();
        program
            .set("SIDETONE_API_URL", &self.sim.api_url)
            .set("SIDETONE_LOGIN_URL", &self.sim.login_url)
            .set("GENESYS_CLIENT_ID", &self.sim.client_id)
            .set("GENESYS_CLIENT_SECRET", &self.sim.client_secret);
        program
    }

    /// The value of a key on the customer of a call, as the server has it.
    pub fn value(&self, call: Uuid, key: &str) -> Option<String> {
        let conversation = self.sim.rest(call)?;
        let participants = conversation["participants"].as_array()?;
        let customer = participants.iter().find(|p| p["purpose"] == "customer")?;
        customer["attributes"][key].as_str().map(str::to_owned)
    }
}
