/* SPDX-License-Identifier: Apache-2.0
 * Where the tables of a store lie when its PostgreSQL is spread over several machines by Citus, as sql/placement.def
 * says (docs/decisions/0021-spread-over-machines.md). Without the extension nothing is done. */
#ifndef STORE_SPREAD_H
#define STORE_SPREAD_H

#include "store/database.h"

/* After the migrations. Spreads a store that holds nobody yet, and new tables of one that is spread; one that was
 * filled before the extension came stays whole, which is as sound, until an operator spreads it. Several programs may
 * do it at a time. Fails CONFLICT store.spread when a table lies elsewhere than it should; SQLite: OK. */
err spread_tables(struct ctx *cx, struct database *db) MUST_CHECK;

/* Spreads one that is filled, too, which takes as long as moving all of it, and gives back the room that the rows have
 * left. `out_there`: the extension is; `out_new`: so many tables were not spread before. */
err spread_filled(struct ctx *cx, struct database *db, bool *out_there, int64_t *out_new) MUST_CHECK;

#endif
