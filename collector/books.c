/* SPDX-License-Identifier: BSD-2-Clause */
/* The last records of a trace. */
#include <sys/resource.h>

#include "collector/books.h"

uint64_t books_cpu_ns(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000000ull +
	       (u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1000ull;
}

static int tally_write(uint64_t end_ns, unsigned int core, const struct core_counts *c,
		       uint64_t stale, struct journal *journal)
{
	struct trace_record tally = { .kind = TRACE_TALLY, .ts_ns = end_ns, .tally = {
		.core = core, .counted = c->counted, .lost = c->lost + stale,
		.untracked = c->untracked, .unread = c->unread, .unseen = c->unseen,
	} };

	return journal_add(journal, &tally);
}

int books_close(const struct books *books, const struct session *session, const struct drain *drain,
		struct journal *journal)
{
	struct trace_record record = { .kind = TRACE_COST, .ts_ns = books->end_ns };
	struct core_counts counts[EVENT_CORES_MAX];
	struct session_cost cost;
	uint64_t hits = 0;
	int err = session_counts(session, counts);

	for (unsigned int core = 0; !err && core < session_cores(session); core++) {
		err = tally_write(books->end_ns, core, &counts[core], drain_stale(drain, core), journal);
		hits += counts[core].hits;
	}
	session_cost(session, &cost);
	record.cost = (struct trace_cost){
		.probe_ns = cost.probe_ns, .probe_runs = cost.probe_runs, .missed = cost.missed,
		.collector_ns = books->cpu_ns, .hits = hits, .hits_ns = cost.hits_ns,
	};
	if (!err)
		err = journal_add(journal, &record);
	record.kind = TRACE_END;
	record.end = books->end;
	if (!err)
		err = journal_add(journal, &record);
	return err ? err : journal_close(journal);
}
