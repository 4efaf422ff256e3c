"""The commands: ``init``, ``generate``, ``serve``."""

import argparse
import asyncio
import json
import logging
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from granian.constants import Interfaces
from granian.server.embed import Server

from reference_exchange import loading, planting
from reference_exchange.application import Settings, application
from reference_exchange.customers import Parameters, account_id

_log = logging.getLogger("reference_exchange")


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit status: 0 done, 1 not done, 2 wrong use."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(levelname)s %(message)s")
    url = os.environ.get("REFERENCE_EXCHANGE_DATABASE_URL", "")
    if not url:
        _log.error("REFERENCE_EXCHANGE_DATABASE_URL is not set: it names the exchange's own database")
        return 2
    try:
        return int(options.run(options, url))
    except psycopg.OperationalError as error:
        _log.error("the database does not answer: %s", str(error).strip().splitlines()[0])
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="reference_exchange", description="A made-up exchange's back office.")
    commands = parser.add_subparsers(required=True)

    init = commands.add_parser("init", help="make the database's schema, or what is missing of it")
    init.set_defaults(run=_init)

    generate = commands.add_parser("generate", help="make up customers and what they did")
    generate.add_argument("--customers", type=int, required=True, help="how many")
    generate.add_argument("--seed", type=int, default=1, help="the same seed gives the same rows")
    generate.add_argument("--until", type=_aware, help="the last moment of the story; today's midnight if absent")
    generate.add_argument("--addresses", type=Path, metavar="FILE", help="addresses and transactions to be found here")
    generate.add_argument("--heavy-account", type=int, default=0, metavar="N", help="one more account, N movements")
    generate.add_argument("--report", type=Path, metavar="FILE", help="write who was given which planted line, as JSON")
    generate.add_argument("--fresh", action="store_true", help="throw away what is there")
    generate.set_defaults(run=_generate)

    serve = commands.add_parser("serve", help="answer questions")
    serve.add_argument("--host", default="127.0.0.1", help="an IP address")
    serve.add_argument("--port", type=int, default=8700)
    serve.add_argument("--token-file", type=Path, help="instead of REFERENCE_EXCHANGE_TOKEN")
    serve.add_argument("--certificate", type=Path, help="PEM; speak TLS")
    serve.add_argument("--key", type=Path, help="PEM; the certificate's key")
    serve.add_argument("--client-ca", type=Path, help="PEM; let in only clients with a certificate of this authority")
    serve.add_argument("--settles-within", type=int, default=0, metavar="S", help="seconds before records are complete")
    serve.set_defaults(run=_serve)
    return parser


def _aware(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise argparse.ArgumentTypeError("a moment has a time zone, such as Z")
    return moment


def _init(options: argparse.Namespace, url: str) -> int:
    loading.init(url)
    _log.info("the schema is there")
    return 0


def _generate(options: argparse.Namespace, url: str) -> int:
    lines = options.addresses.read_text(encoding="utf-8").splitlines() if options.addresses else []
    until = options.until or datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        planted = planting.read(lines, n_customers=options.customers, until=until)
        parameters = Parameters(n_customers=options.customers, seed=options.seed, until=until, planted=tuple(planted))
        is_done = loading.generate(
            url, parameters, n_heavy=options.heavy_account, is_fresh=options.fresh, say=_log.info
        )
    except planting.CannotPlant as error:
        _log.error("%s: %s", options.addresses, error)
        return 1
    except loading.AlreadyGenerated as error:
        _log.error("nothing was changed: %s; --fresh throws it away", error)
        return 1
    _log.info("done" if is_done else "nothing to do: these rows are there already")
    if options.report:
        _report(options.report, parameters)
    return 0


def _report(path: Path, parameters: Parameters) -> None:
    report = [
        {
            "line": item.line,
            "account_id": account_id(item.customer),
            "role": item.role,
            "network": item.network,
            "address": item.address,
            "txid": item.txid,
        }
        for item in parameters.planted
    ]
    path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


def _serve(options: argparse.Namespace, url: str) -> int:
    token = options.token_file.read_text().strip() if options.token_file else ""
    token = token or os.environ.get("REFERENCE_EXCHANGE_TOKEN", "")
    # A client certificate is proof enough: who has one needs no token besides, unless one is set.
    if len(token) < 16 and (token or options.client_ca is None):
        _log.error("REFERENCE_EXCHANGE_TOKEN, or --token-file, gives a token of at least 16 characters")
        return 2
    loading.init(url)
    settings = Settings(
        database_url=url,
        token=token,
        allows_faults=os.environ.get("REFERENCE_EXCHANGE_FAULTS") == "1",
        settles_within_s=options.settles_within,
    )
    # In this very process, not under a master: the whole exchange is one process of some forty megabytes.
    server = Server(
        application(settings),
        address=options.host,
        port=options.port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
        ssl_cert=options.certificate,
        ssl_key=options.key,
        ssl_ca=options.client_ca,
        ssl_client_verify=options.client_ca is not None,
    )
    asyncio.run(_until_told(server, options))
    return 0


async def _until_told(server: Server, options: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, server.stop)
    _log.info("the reference exchange answers on %s:%s", options.host, options.port)
    await server.serve()
    _log.info("stopped")


if __name__ == "__main__":
    sys.exit(main())
