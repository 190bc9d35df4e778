# SPDX-License-Identifier: Apache-2.0
"""Runs another test with its data on a PostgreSQL where each batch of writes meets a serialization failure at its end
and has to run a second time, as it may on any server that is not alone: no answer may tell of the run in vain. The last
line says how many ran twice, and none is red.

    each_twice.py TEST [ARGUMENT…]
"""
import os
import subprocess
import sys

from database_server import DatabaseServer

# A sequence goes on where a transaction goes back. What stands in template1 is in every database that a test makes. The
# node takes no trigger on its tables, so a constraint asks: of a batch's last word, not of a writer that leaves.
TURNS = """
CREATE SEQUENCE public.turn;
CREATE FUNCTION public.goes_through(number BIGINT, until_ms BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN
  IF number > 0 AND until_ms > 0 AND nextval('public.turn') % 2 = 1 THEN
    RAISE EXCEPTION 'another was faster' USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END $$;
CREATE FUNCTION public.watch_marks() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
  IF to_regclass('symbolon.batch_mark') IS NOT NULL AND
     NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = 'goes_through') THEN
    ALTER TABLE symbolon.batch_mark ADD CONSTRAINT goes_through CHECK (public.goes_through(number, until_ms));
  END IF;
END $$;
CREATE EVENT TRIGGER watch_marks ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
  EXECUTE FUNCTION public.watch_marks();
"""


def turns_of(server):
    names = server.ask("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
    return sum(int(server.ask(name, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.turn"))
               for name in names.splitlines())


def main():
    with DatabaseServer() as server:
        server.ask("template1", TURNS)
        environment = {**os.environ, "DATABASE_SERVER": server.folder}
        code = subprocess.run([sys.executable, "-B", *sys.argv[1:]], env=environment, check=False).returncode
        if code != 0:
            return code
        turns = turns_of(server)
        print(f"batches that ran twice: {turns // 2}")
        return turns < 2


if __name__ == "__main__":
    sys.exit(main())
