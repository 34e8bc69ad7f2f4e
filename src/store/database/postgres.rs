//! A PostgreSQL server, where several people or machines share one history. Blocking: it is used from the writer's own
//! thread and by one-shot commands, never from the program's loop.

use super::{Database, EachRow, Param, Row};
use crate::store::error::StoreError;
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all};
use rustc_hash::FxHashMap;
use std::{ops::ControlFlow, pin::pin, time::Duration};
use tokio_postgres::types::{IsNull, ToSql, Type};
use tokio_postgres::{Client, Config, NoTls, Statement, config::SslMode, error::SqlState};

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// How long a statement may take. A server that vanishes without a word is noticed by nothing else.
const STATEMENT: Duration = Duration::from_secs(30);

/// How long the server may take to clear up what was deleted.
const SCRUB: Duration = Duration::from_secs(3600);

pub(super) struct Postgres {
    runtime: tokio::runtime::Runtime,
    client: Client,
    /// What was prepared, by its text.
    prepared: FxHashMap<String, Statement>,
    /// A statement was given up: what comes back on this connection belongs to nobody.
    gave_up: bool,
}

impl Postgres {
    pub(super) fn connect(url: &str) -> Result<Self, StoreError> {
        let place = shown(url);
        let unreachable = |cause: String| StoreError::Unreachable { place: place.clone(), cause };
        let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| unreachable(words(&error)))?;
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        if config.get_application_name().is_none() {
            config.application_name("sidetone");
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| unreachable(error.to_string()))?;
        let opened = runtime.block_on(async { tokio::time::timeout(CONNECT, open(&config)).await });
        let silent = || format!("the server has not answered within {} s", CONNECT.as_secs());
        let client = opened.map_err(|_| unreachable(silent()))?.map_err(unreachable)?;
        Ok(Self { runtime, client, prepared: FxHashMap::default(), gave_up: false })
    }

    fn prepare(&mut self, statement: &str) -> Result<Statement, StoreError> {
        if let Some(known) = self.prepared.get(statement) {
            return Ok(known.clone());
        }
        let prepared = within(&self.runtime, &mut self.gave_up, STATEMENT, self.client.prepare(statement))?;
        self.prepared.insert(statement.to_owned(), prepared.clone());
        Ok(prepared)
    }
}

/// Waits for an answer of the server, but not for ever.
fn within<T>(
    runtime: &tokio::runtime::Runtime,
    gave_up: &mut bool,
    limit: Duration,
    answer: impl Future<Output = Result<T, tokio_postgres::Error>>,
) -> Result<T, StoreError> {
    match runtime.block_on(async { tokio::time::timeout(limit, answer).await }) {
        Ok(answered) => answered.map_err(|error| failed(&error)),
        Err(_) => {
            *gave_up = true;
            Err(StoreError::Failed(format!("the server has not answered within {} s", limit.as_secs())))
        }
    }
}

async fn open(config: &Config) -> Result<Client, String> {
    if config.get_ssl_mode() == SslMode::Disable {
        let (client, connection) = config.connect(NoTls).await.map_err(|error| words(&error))?;
        tokio::spawn(connection);
        return Ok(client);
    }
    let tls = tls().map_err(|error| error.to_string())?;
    let (client, connection) = config.connect(tls).await.map_err(|error| words(&error))?;
    tokio::spawn(connection);
    Ok(client)
}

/// TLS with the system's trusted roots, as for the platform.
fn tls() -> Result<tokio_postgres_rustls::MakeRustlsConnect, rustls::Error> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(tokio_postgres_rustls::MakeRustlsConnect::new(config))
}

/// The address without user and password.
pub(in crate::store) fn shown(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    format!("postgres://{}", rest.rsplit_once('@').map_or(rest, |(_, host)| host))
}

/// The whole chain of causes: the outer one says only "db error".
fn words(error: &tokio_postgres::Error) -> String {
    let mut said = match error.as_db_error() {
        Some(answer) => return format!("{} ({})", answer.message(), answer.code().code()),
        None => error.to_string(),
    };
    let mut cause = std::error::Error::source(error);
    while let Some(deeper) = cause {
        said = format!("{said}: {deeper}");
        cause = deeper.source();
    }
    said
}

fn failed(error: &tokio_postgres::Error) -> StoreError {
    match error.code() {
        Some(code) if *code == SqlState::DISK_FULL => StoreError::Full(words(error)),
        _ => StoreError::Failed(words(error)),
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut bytes::BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Int(number) => number.to_sql(kind, out),
            Self::Text(text) => text.to_sql(kind, out),
            Self::Bytes(bytes) => bytes.to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        *kind == Type::INT8 || *kind == Type::TEXT || *kind == Type::BYTEA
    }

    tokio_postgres::types::to_sql_checked!();
}

impl Row for tokio_postgres::Row {
    fn int(&self, column: usize) -> i64 {
        self.try_get::<_, i64>(column).unwrap_or_default()
    }

    fn text(&self, column: usize) -> String {
        self.try_get::<_, &str>(column).unwrap_or_default().to_owned()
    }

    fn bytes(&self, column: usize) -> &[u8] {
        self.try_get::<_, &[u8]>(column).unwrap_or_default()
    }

    fn is_null(&self, column: usize) -> bool {
        !matches!(self.try_get::<_, Option<i64>>(column), Ok(Some(_)))
            && !matches!(self.try_get::<_, Option<&str>>(column), Ok(Some(_)))
            && !matches!(self.try_get::<_, Option<&[u8]>>(column), Ok(Some(_)))
    }
}

fn references<'p>(values: &'p [Param<'p>]) -> Vec<&'p (dyn ToSql + Sync)> {
    values.iter().map(|value| value as &(dyn ToSql + Sync)).collect()
}

impl Database for Postgres {
    fn batch(&mut self, statements: &str) -> Result<(), StoreError> {
        within(&self.runtime, &mut self.gave_up, STATEMENT, self.client.batch_execute(statements))
    }

    fn execute(&mut self, statement: &str, values: &[Param<'_>]) -> Result<u64, StoreError> {
        let prepared = self.prepare(statement)?;
        let values = references(values);
        within(&self.runtime, &mut self.gave_up, STATEMENT, self.client.execute(&prepared, &values))
    }

    fn execute_all(&mut self, statement: &str, values: &[Vec<Param<'_>>]) -> Result<Vec<u64>, StoreError> {
        let prepared = self.prepare(statement)?;
        let (client, prepared) = (&self.client, &prepared);
        // Handed over together, so that a thousand rows cost a few round trips.
        let run = values.iter().map(|values| async move { client.execute(prepared, &references(values)).await });
        within(&self.runtime, &mut self.gave_up, STATEMENT, try_join_all(run))
    }

    fn query(&mut self, statement: &str, values: &[Param<'_>], each: EachRow<'_>) -> Result<(), StoreError> {
        let prepared = self.prepare(statement)?;
        let run = async {
            let mut rows = pin!(self.client.query_raw(&prepared, values.iter()).await?);
            while let Some(row) = rows.next().await {
                if each(&row?) == ControlFlow::Break(()) {
                    break;
                }
            }
            Ok(())
        };
        within(&self.runtime, &mut self.gave_up, STATEMENT, run)
    }

    fn query_all(
        &mut self,
        statement: &str,
        values: &[Vec<Param<'_>>],
        each: &mut dyn FnMut(usize, &dyn Row),
    ) -> Result<(), StoreError> {
        let prepared = self.prepare(statement)?;
        let (client, prepared) = (&self.client, &prepared);
        let ask = values.iter().map(|values| async move {
            client.query_raw(prepared, values.iter()).await?.try_collect::<Vec<_>>().await
        });
        let answers = within(&self.runtime, &mut self.gave_up, STATEMENT, try_join_all(ask))?;
        for (place, rows) in answers.iter().enumerate() {
            rows.iter().for_each(|row| each(place, row));
        }
        Ok(())
    }

    fn serial(&self) -> &'static str {
        "BIGSERIAL PRIMARY KEY"
    }

    fn blob(&self) -> &'static str {
        "BYTEA"
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn now(&self) -> &'static str {
        "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"
    }

    fn is_closed(&self) -> bool {
        self.gave_up || self.client.is_closed()
    }

    fn scrub(&mut self) -> Result<(), StoreError> {
        // Its ids are in the statistics of the planner, too.
        let vacuum = self.client.batch_execute("VACUUM (ANALYZE) sidetone_call");
        within(&self.runtime, &mut self.gave_up, SCRUB, vacuum)
    }

    fn size(&mut self) -> Result<u64, StoreError> {
        let total = "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = current_schema() AND c.relkind = 'r' AND c.relname LIKE 'sidetone\\_%'";
        Ok(super::number(self, total, &[])?.unwrap_or_default() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_who_signs_in() {
        assert_eq!(shown("postgres://ann:sample@db.example/history?sslmode=require"), "postgres://db.example/history");
        assert_eq!(shown("postgresql://db.example/history"), "postgres://db.example/history");
    }
}
