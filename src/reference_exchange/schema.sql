-- The back office of a made-up exchange.  Safe to run again.
--
-- `at` is when a thing happened, `recorded_at` when the exchange wrote it down.  An answer "as of" a moment leaves out
-- what was written down later, whenever it happened.

create table if not exists generation (
    is_only       boolean primary key default true check (is_only),
    parameters    jsonb not null
);

create table if not exists asset (
    code      text primary key,
    decimals  smallint not null check (decimals between 0 and 30),
    name      text not null,
    networks  text[] not null
);

create table if not exists customer (
    account_id   text primary key,
    entity       text not null,
    status       text not null check (status in ('open', 'closed')),
    opened_at    timestamptz not null,
    closed_at    timestamptz,
    recorded_at  timestamptz not null default clock_timestamp(),
    constraint closed_accounts_have_a_closing_moment check ((status = 'closed') = (closed_at is not null))
);

create table if not exists identity (
    number           bigint primary key,
    account_id       text not null references customer,
    recorded_at      timestamptz not null default clock_timestamp(),
    valid_from       timestamptz not null,
    holder           text not null check (holder in ('person', 'company')),
    full_name        text not null,
    full_name_latin  text not null,
    date_of_birth    date,
    place_of_birth   text,
    nationality      text,
    address_line     text,
    postal_code      text,
    city             text,
    country          text,
    tax_number       text,
    phone            text,
    email            text,
    occupation       text,
    source_of_funds  text
);
create index if not exists identity_of_account on identity (account_id, number);
create index if not exists identity_by_email on identity (lower(email));
create index if not exists identity_by_phone on identity (phone);

-- The documents index: what was checked, and which file is kept of it.
create table if not exists verification (
    number           bigint primary key,
    account_id       text not null references customer,
    recorded_at      timestamptz not null default clock_timestamp(),
    verified_at      timestamptz not null,
    "check"          text not null,
    result           text not null,
    document_type    text,
    document_number  text,
    issuing_country  text,
    expires_on       date,
    score            integer check (score between 0 and 100),
    screening_hit    text,
    file_name        text,
    file_sha256      text
);
create index if not exists verification_of_account on verification (account_id, number);

create table if not exists device (
    device_id    text primary key,
    account_id   text not null references customer,
    recorded_at  timestamptz not null default clock_timestamp(),
    model        text not null,
    user_agent   text not null
);

create table if not exists service (
    number               bigint primary key,
    account_id           text not null references customer,
    recorded_at          timestamptz not null default clock_timestamp(),
    opened_at            timestamptz not null,
    closed_at            timestamptz,
    service              text not null check (service in ('account', 'sub_account', 'api_key')),
    service_id           text not null,
    tier                 text,
    referral_id          text,
    activated_device_id  text references device,
    activated_ip         inet
);
create index if not exists service_of_account on service (account_id, number);

create table if not exists payment_means (
    number           bigint primary key,
    account_id       text not null references customer,
    recorded_at      timestamptz not null default clock_timestamp(),
    added_at         timestamptz not null,
    removed_at       timestamptz,
    means            text not null check (means in ('bank_account', 'card', 'p2p_payee')),
    holder_name      text not null,
    iban             text,
    bank_name        text,
    bank_country     text,
    card_masked      text,
    card_expires     text,
    payee_reference  text
);
create index if not exists payment_means_of_account on payment_means (account_id, number);
create index if not exists payment_means_by_iban on payment_means (iban) where iban is not null;

create table if not exists access_event (
    number       bigint primary key,
    account_id   text not null references customer,
    at           timestamptz not null,
    recorded_at  timestamptz not null default clock_timestamp(),
    event        text not null,
    session_id   text,
    ip           inet not null,
    port         integer check (port between 1 and 65535),
    country      text,
    city         text,
    device_id    text references device
);
create index if not exists access_event_of_account on access_event (account_id, at, number);
create index if not exists access_event_by_ip on access_event (ip, at);

-- The ledger.  Double entry: every journal entry's postings add up to nothing in every asset.
-- A customer's balance is what the postings to his ledger accounts add up to, and is kept nowhere else.

create table if not exists ledger_account (
    ledger_account_id  bigint primary key,
    account_id         text references customer,       -- absent: the house's own
    purpose            text not null check (purpose in
                           ('available', 'in_orders', 'held', 'custody', 'bank', 'market', 'fees')),
    asset              text not null references asset,
    unique nulls not distinct (account_id, purpose, asset),
    unique (ledger_account_id, asset),
    constraint customers_and_house_have_their_own_purposes
        check ((account_id is null) = (purpose in ('custody', 'bank', 'market', 'fees')))
);

create table if not exists journal_entry (
    entry_id     bigint primary key,
    at           timestamptz not null,
    recorded_at  timestamptz not null default clock_timestamp(),
    kind         text not null
);

create table if not exists posting (
    entry_id           bigint not null,
    line               smallint not null,
    ledger_account_id  bigint not null,
    asset              text not null,
    amount             numeric(78, 0) not null check (amount <> 0),
    primary key (entry_id, line)
);
create index if not exists posting_of_ledger_account on posting (ledger_account_id, entry_id);

create table if not exists movement (
    number                bigint primary key,
    account_id            text not null,
    at                    timestamptz not null,
    recorded_at           timestamptz not null default clock_timestamp(),
    entry_id              bigint not null,
    kind                  text not null,
    direction             text not null check (direction in ('in', 'out')),
    asset                 text not null,
    amount                numeric(78, 0) not null check (amount >= 0),
    counter_asset         text,
    counter_amount        numeric(78, 0) check (counter_amount >= 0),
    fee_asset             text,
    fee_amount            numeric(78, 0) check (fee_amount >= 0),
    network               text,
    txid                  text,
    from_address          text,
    to_address            text,
    memo                  text,
    counterparty_account  text,
    status                text not null check (status in ('booked', 'pending', 'failed', 'reversed')),
    constraint fee_has_an_asset check ((fee_asset is null) = (fee_amount is null)),
    constraint counter_amount_has_an_asset check ((counter_asset is null) = (counter_amount is null))
);
create index if not exists movement_of_account on movement (account_id, at, number);
create index if not exists movement_by_txid on movement (txid) where txid is not null;
create index if not exists movement_by_from_address on movement (from_address) where from_address is not null;
create index if not exists movement_by_to_address on movement (to_address) where to_address is not null;

create table if not exists wallet_event (
    number       bigint primary key,
    account_id   text not null references customer,
    at           timestamptz not null,
    recorded_at  timestamptz not null default clock_timestamp(),
    role         text not null check (role in ('deposit_address', 'allowed_address', 'sweep')),
    network      text not null,
    address      text not null,
    memo         text,
    label        text,
    txid         text,
    asset        text references asset,
    amount       numeric(78, 0),
    retired_at   timestamptz
);
create index if not exists wallet_event_of_account on wallet_event (account_id, at, number);
create index if not exists wallet_event_by_address on wallet_event (address);

create table if not exists travel_rule (
    number                bigint primary key,
    account_id            text not null references customer,
    at                    timestamptz not null,
    recorded_at           timestamptz not null default clock_timestamp(),
    direction             text not null check (direction in ('in', 'out')),
    movement_number       bigint not null,
    asset                 text not null references asset,
    amount                numeric(78, 0) not null,
    originator_name       text not null,
    originator_account    text not null,
    beneficiary_name      text not null,
    beneficiary_account   text not null,
    counterparty_vasp     text,
    counterparty_country  text
);
create index if not exists travel_rule_of_account on travel_rule (account_id, at, number);

create table if not exists message (
    number         bigint primary key,
    account_id     text not null references customer,
    at             timestamptz not null,
    recorded_at    timestamptz not null default clock_timestamp(),
    channel        text not null check (channel in ('support', 'p2p_chat', 'note', 'upload')),
    thread_id      text not null,
    author         text not null check (author in ('customer', 'exchange', 'counterparty')),
    body           text not null,
    file_name      text,
    file_sha256    text,
    is_privileged  boolean not null default false
);
create index if not exists message_of_account on message (account_id, at, number);

-- Who asked, and why.  What was asked for is not repeated here: identifiers are personal data.
create table if not exists look_up (
    number             bigint generated always as identity primary key,
    at                 timestamptz not null default clock_timestamp(),
    question           text not null,
    account_id         text,
    category           text,
    n_identifiers      integer,
    purpose_reference  text not null,
    purpose_act        text not null,
    purpose_actor      text not null
);

-- Rules that a bulk load takes off and puts back within its one transaction (see loading.py): putting them back checks
-- every row, in a fraction of the time that checking one by one takes.

create or replace function put_rules_on() returns void language plpgsql as $$
begin
    alter table posting
        add constraint posting_belongs_to_an_entry foreign key (entry_id) references journal_entry,
        add constraint posting_is_in_the_asset_of_its_account
            foreign key (ledger_account_id, asset) references ledger_account (ledger_account_id, asset);
    alter table movement
        add constraint movement_belongs_to_a_customer foreign key (account_id) references customer,
        add constraint movement_is_booked foreign key (entry_id) references journal_entry,
        add constraint movement_is_in_an_asset foreign key (asset) references asset;
    create constraint trigger entry_balances after insert or update or delete on posting
        deferrable initially deferred for each row execute function check_entry_balances();
end $$;

create or replace function take_rules_off() returns void language plpgsql as $$
begin
    alter table posting
        drop constraint if exists posting_belongs_to_an_entry,
        drop constraint if exists posting_is_in_the_asset_of_its_account;
    alter table movement
        drop constraint if exists movement_belongs_to_a_customer,
        drop constraint if exists movement_is_booked,
        drop constraint if exists movement_is_in_an_asset;
    drop trigger if exists entry_balances on posting;
end $$;

create or replace function check_entry_balances() returns trigger language plpgsql as $$
declare
    entry bigint := case when tg_op = 'DELETE' then old.entry_id else new.entry_id end;
begin
    if exists (select from posting where entry_id = entry group by asset having sum(amount) <> 0) then
        raise exception 'journal entry % does not balance', entry using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;

create or replace function check_all_entries_balance() returns void language plpgsql as $$
declare
    entry bigint;
begin
    select entry_id into entry from posting group by entry_id, asset having sum(amount) <> 0 limit 1;
    if found then
        raise exception 'journal entry % does not balance', entry using errcode = 'integrity_constraint_violation';
    end if;
end $$;

create or replace function refuse_change() returns trigger language plpgsql as $$
begin
    raise exception 'the ledger is only ever added to: book the reverse instead'
        using errcode = 'integrity_constraint_violation';
end $$;

create or replace trigger posting_is_never_changed before update or delete on posting
    for each statement execute function refuse_change();
create or replace trigger journal_entry_is_never_changed before update or delete on journal_entry
    for each statement execute function refuse_change();

do $$
begin
    if not exists (select from pg_trigger where tgname = 'entry_balances' and tgrelid = 'posting'::regclass) then
        perform put_rules_on();
    end if;
end $$;

-- Balances are derived.
create or replace function balances_at(of_account text, before timestamptz, as_of timestamptz)
returns table (asset text, available numeric, in_orders numeric, held numeric) language sql stable as $$
    select a.asset,
           coalesce(sum(p.amount) filter (where a.purpose = 'available'), 0),
           coalesce(sum(p.amount) filter (where a.purpose = 'in_orders'), 0),
           coalesce(sum(p.amount) filter (where a.purpose = 'held'), 0)
    from ledger_account a
    join posting p using (ledger_account_id)
    join journal_entry e on e.entry_id = p.entry_id
    where a.account_id = of_account and e.at < before and e.recorded_at <= as_of
    group by a.asset
    order by a.asset collate "C"
$$;

insert into asset (code, decimals, name, networks) values
    ('BTC',  8,  'Bitcoin',    '{bitcoin}'),
    ('ETH',  18, 'Ether',      '{evm}'),
    ('EUR',  2,  'Euro',       '{}'),
    ('LTC',  8,  'Litecoin',   '{litecoin}'),
    ('TRX',  6,  'TRON',       '{tron}'),
    ('USD',  2,  'US dollar',  '{}'),
    ('USDC', 6,  'USD Coin',   '{evm}'),
    ('USDT', 6,  'Tether USD', '{evm,tron}')
on conflict do nothing;
