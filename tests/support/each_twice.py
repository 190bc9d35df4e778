# SPDX-License-Identifier: Apache-2.0
"""Runs another test with its data on a PostgreSQL where each batch of writes meets a serialization failure and has to
run a second time, as it may on any server that is not alone: no answer may tell of the run in vain. It fails at its
end, when all is done, or `within`: at its first row, the next batch at its second, and so on to the twelfth, then from
the beginning. ROW=3 takes the third row of each. The last line says how many ran twice, and none is red.

    each_twice.py [within] TEST [ARGUMENT…]
"""
import os
import subprocess
import sys

from database_server import DatabaseServer

# A sequence goes on where a transaction goes back. What stands in template1 is in every database that a test makes. The
# node takes no trigger on its tables, so constraints ask. An odd number of turns says that the next one is the second.
TURNS = """
CREATE SEQUENCE public.turn;
CREATE FUNCTION public.turns() RETURNS BIGINT LANGUAGE sql AS
  'SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM public.turn';
CREATE FUNCTION public.fail() RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN
  PERFORM nextval('public.turn');
  RAISE EXCEPTION 'another was faster' USING ERRCODE = 'serialization_failure';
END $$;
CREATE FUNCTION public.watch_tables() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE made RECORD; BEGIN
  FOR made IN SELECT oid::regclass AS name, CASE relname WHEN 'batch_mark' THEN 'mark_goes_through(number, until_ms)'
      ELSE 'row_goes_through()' END AS question FROM pg_class
      WHERE relnamespace = to_regnamespace('symbolon') AND relkind = 'r' AND
      (relname = 'batch_mark' OR to_regproc('public.row_goes_through') IS NOT NULL) AND NOT EXISTS
      (SELECT 1 FROM pg_constraint WHERE conrelid = pg_class.oid AND conname = 'goes_through') LOOP
    EXECUTE format('ALTER TABLE %s ADD CONSTRAINT goes_through CHECK (public.%s) NOT VALID', made.name, made.question);
  END LOOP;
END $$;
CREATE EVENT TRIGGER watch_tables ON ddl_command_end WHEN TAG IN ('CREATE TABLE')
  EXECUTE FUNCTION public.watch_tables();
"""
# A batch's last word is asked, not that of a writer that leaves.
AT_THE_END = """
CREATE FUNCTION public.mark_goes_through(number BIGINT, until_ms BIGINT) RETURNS BOOLEAN LANGUAGE plpgsql AS $$ BEGIN
  IF number = 0 OR until_ms = 0 THEN
    RETURN true;
  ELSIF public.turns() % 2 = 0 THEN
    RETURN public.fail();
  END IF;
  PERFORM nextval('public.turn');
  RETURN true;
END $$;
"""
# Each row that a batch writes counts, from the first batch on: before it the tables are made. What a transaction has
# set goes with it, and a row that is taken back is none.
WITHIN = """
CREATE SEQUENCE public.begun;
CREATE SEQUENCE public.place MINVALUE 0;
CREATE FUNCTION public.mark_goes_through(number BIGINT, until_ms BIGINT) RETURNS BOOLEAN LANGUAGE sql AS
  'SELECT CASE WHEN number > 0 AND until_ms > 0 THEN nextval(''public.begun'') > 0 ELSE true END';
CREATE FUNCTION public.row_goes_through() RETURNS BOOLEAN LANGUAGE plpgsql AS $$
DECLARE
  row_number BIGINT := coalesce(nullif(current_setting('turn.row', true), ''), '0')::BIGINT + 1;
BEGIN
  IF NOT (SELECT is_called FROM public.begun) THEN
    RETURN true;
  ELSIF row_number = 1 AND public.turns() %% 2 = 1 THEN
    PERFORM nextval('public.turn'), set_config('turn.place', '0', true);
  ELSIF row_number = 1 THEN
    PERFORM set_config('turn.place', (%(first)d + nextval('public.place') %% %(places)d)::text, true);
  END IF;
  PERFORM set_config('turn.row', row_number::text, true);
  RETURN row_number::text <> current_setting('turn.place') OR public.fail();
END $$;
"""
ROWS = 12


def turns_of(server):
    names = server.ask("postgres", "SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'")
    return sum(int(server.ask(name, "SELECT public.turns()")) for name in names.splitlines())


def main():
    within = sys.argv[1] == "within"
    places = {"first": int(os.environ.get("ROW", 1)), "places": 1 if "ROW" in os.environ else ROWS}
    with DatabaseServer() as server:
        server.ask("template1", TURNS + (WITHIN % places if within else AT_THE_END))
        environment = {**os.environ, "DATABASE_SERVER": server.folder}
        words = sys.argv[2:] if within else sys.argv[1:]
        code = subprocess.run([sys.executable, "-B", *words], env=environment, check=False).returncode
        if code != 0:
            return code
        turns = turns_of(server)
        print(f"batches that ran twice: {turns // 2}")
        return turns < 2


if __name__ == "__main__":
    sys.exit(main())
