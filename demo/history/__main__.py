"""`python -m demo.history`: fill the store that DATABASE_URL names with a simulated past, and say what is in it."""

import time
from collections import Counter

import click

from prosepolish_core.config import Config
from prosepolish_core.drivers.postgres_pool import PostgresPool
from prosepolish_core.errors import ProsePolishError
from prosepolish_core.live.llm.price_table import PriceTable

from .past import MINUTE_S
from .span import FEWEST_DAYS, MOST_DAYS
from .write import write

#: Longest statement: a month of counts is one COPY.
STATEMENT_S = 120.0


@click.command()
@click.option("--days", type=click.IntRange(FEWEST_DAYS, MOST_DAYS), default=30, show_default=True, help="How far back it begins.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same past.")
def main(days: int, seed: int) -> None:
    """Write what the collectors and the core would have written. Exit codes: 0 done, 1 failed."""
    began = time.monotonic()
    try:
        config = Config.from_env()
        pool = PostgresPool(config.database_url.get_secret_value(), size=4, role="history", statement_s=STATEMENT_S)
        until = time.time() // MINUTE_S * MINUTE_S
        found = write(pool, until, days, seed, model=config.gemini_model, prices=PriceTable.from_file(config.prices))
        pool.close()
    except ProsePolishError as error:
        raise click.ClickException(str(error)) from None
    causes = ", ".join(f"{number} of {cause}" for cause, number in sorted(Counter(i.cause for i in found).items()))
    click.echo(f"{days} days with {len(found)} incidents ({causes}) in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
