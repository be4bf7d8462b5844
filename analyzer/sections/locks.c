/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Locks: a table of those that were waited for, then for the worst of them who held it and what that
 * one did meanwhile.
 */
#include <errno.h>

#include "analyzer/analysis.h"
#include "analyzer/json_scope.h"
#include "analyzer/sections/lock_name.h"
#include "analyzer/sections/party.h"
#include "analyzer/sections/section.h"
#include "analyzer/sections/spread_out.h"

/* Locks whose holders are shown: so many, if they are a hundredth of all waits. */
#define DETAILS 2
/* Of a lock: the first few of its holders, of what they did, and of the locks that they waited for. */
#define HOLDERS 2
#define PARTS 3
#define SYNCS 3
/* In the JSON, for each lock. */
#define HOLDERS_LISTED 32
/* And of locks, and of other words: the JSON is kept in memory. */
#define WORDS_LISTED 1000

static const struct locks *locks_of(const struct report *report)
{
	return &report->analysis->locks;
}

static bool locks_any(const struct report *report)
{
	return locks_of(report)->ranking_cnt || locks_of(report)->sync_ranking_cnt;
}

/* Thread-nanoseconds that the threads lived. */
static uint64_t lives_ns(const struct report *report)
{
	return report->tree.curves->integral_ns[CURVE_ALIVE];
}

static struct text holder_text(const struct report *report, uint32_t slot, struct style style)
{
	if (slot == SEVERAL)
		return (struct text){ "others" };
	return party_thread(report->analysis->people.threads[slot], style);
}

static void answer_print(const struct report *report, struct style style, FILE *out)
{
	const struct locks *locks = locks_of(report);
	struct range open = report->analysis->trust.states[STATE_WAIT_LOCK];

	if (locks->ranking_cnt)
		fprintf(out, "  %s waited for %s, %s of the threads' lives.\n"
			"  Whose doing it was: exact for %s, likely for %s, unknown for %s.\n",
			format_time(locks->wait_ns, style).s,
			format_noun(locks->ranking_cnt, "lock", "locks").s,
			format_percent(locks->wait_ns, lives_ns(report)).s,
			format_percent(locks->certain_ns[OWNER_EXACT], locks->wait_ns).s,
			format_percent(locks->certain_ns[OWNER_LIKELY], locks->wait_ns).s,
			format_percent(locks->certain_ns[OWNER_UNKNOWN], locks->wait_ns).s);
	else
		fprintf(out, "  No thread waited for a lock.\n");
	if (open.down_ns || open.up_ns)
		fprintf(out, "  With all that is not certain: %s .. %s.\n",
			format_time(range_low(locks->wait_ns, open), style).s,
			format_time(range_high(locks->wait_ns, open), style).s);
}

/* While any waited, on average; and the most. */
static struct text waiters_text(const struct word_waits *waits)
{
	struct text text;

	snprintf(text.s, sizeof(text.s), "%.40s (%.40s)",
		 format_average(waits->waiters_ns, waits->contended_ns).s,
		 format_count(waits->waiters_max).s);
	return text;
}

/* Waits for it that were in the way of the run. */
static uint64_t path_wait_ns(const struct report *report, const struct lock *lock)
{
	const struct path_object *object = path_word(&report->analysis->path, lock->waits.word->slot);

	return object ? object->hops.wait_ns : 0;
}

static int lock_row(const struct report *report, const struct lock *lock, struct style style,
		    struct table *table)
{
	const struct word_waits *waits = &lock->waits;

	return table_cells(table, (const char *const[]){
		lock_name(report, waits->word, style).s, format_count(waits->waits_cnt).s,
		format_time(waits->wait_ns, style).s, format_share(waits->wait_ns, lives_ns(report)).s,
		format_time(spread_percentile(&lock->wait_spread, 50), style).s,
		format_share(path_wait_ns(report, lock), report->tree.wall_ns).s,
		waiters_text(waits).s, format_time(word_idle_ns(waits), style).s, NULL });
}

static int table_text(const struct report *report, struct style style, FILE *out)
{
	const struct locks *locks = locks_of(report);
	size_t rows = report_rows(report, locks->ranking_cnt);
	struct table *table = table_new("nrrrrrrr");
	int err = table ? table_cells(table, (const char *const[]){
			"lock", "waits", "waited", "% lives", "p50", "% path", "at once",
			"idle", NULL }) : -ENOMEM;

	for (size_t i = 0; !err && i < rows; i++)
		err = lock_row(report, locks->ranking[i], style, table);
	if (!err) {
		table_print(table, style, "    ", out);
		left_out_print(rows, locks->ranking_cnt, out);
	}
	table_free(table);
	return err;
}

static void holders_print(const struct report *report, const struct lock *lock, struct style style,
			  FILE *out)
{
	uint64_t wait_ns = lock->waits.wait_ns;
	size_t cnt;
	const struct share *shares = shares_of(&locks_of(report)->blames, lock->waits.word->slot, &cnt);

	if (!cnt)
		return;
	for (size_t i = 0; i < cnt && i < HOLDERS; i++)
		fprintf(out, "%s%s %s", i ? ", " : "      held by  ",
			holder_text(report, shares[i].from, style).s,
			format_percent(share_sum(&shares[i]), wait_ns).s);
	fprintf(out, "\n               ");
	if (cnt > HOLDERS)
		fprintf(out, "%s more; ", format_count(cnt - HOLDERS).s);
	fprintf(out, "exact %s, likely %s, unknown %s\n",
		format_percent(lock->certain_ns[OWNER_EXACT], wait_ns).s,
		format_percent(lock->certain_ns[OWNER_LIKELY], wait_ns).s,
		format_percent(lock->certain_ns[OWNER_UNKNOWN], wait_ns).s);
}

static const char *holder_state_name(int state)
{
	return state == HOLDER_GONE ? "gone" : state_infos[state].name;
}

/* What its holders did while others waited, the likely ones as well. */
static void meanwhile_print(const struct lock *lock, FILE *out)
{
	uint64_t whole_ns = lock->certain_ns[OWNER_EXACT] + lock->certain_ns[OWNER_LIKELY], shown = 0;
	uint64_t state_ns[HOLDER_STATES];

	if (!whole_ns)
		return;
	for (int i = 0; i < HOLDER_STATES; i++)
		state_ns[i] = lock->holder[OWNER_EXACT].state_ns[i] + lock->holder[OWNER_LIKELY].state_ns[i];
	fprintf(out, "      doing    ");
	for (int part = 0; part < PARTS; part++) {
		int most = -1;

		for (int i = 0; i < HOLDER_STATES; i++)
			if (state_ns[i] && !(shown & 1u << i) &&
			    (most < 0 || state_ns[i] > state_ns[most]))
				most = i;
		if (most < 0)
			break;
		shown |= 1u << most;
		fprintf(out, "%s%s %s", part ? ", " : "", holder_state_name(most),
			format_percent(state_ns[most], whole_ns).s);
	}
	fprintf(out, "\n");
}

static void chains_print(const struct report *report, const struct lock *lock, struct style style,
			 FILE *out)
{
	size_t cnt;
	const struct share *shares = shares_of(&locks_of(report)->chains, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < cnt && i < PARTS; i++) {
		uint32_t other = shares[i].from;

		fprintf(out, "      %s %s %s\n", i ? "        " : "waits on", other == SEVERAL ? "others" :
			lock_name(report, locks_of(report)->locks[other]->waits.word, style).s,
			format_percent(share_sum(&shares[i]), lock->certain_ns[OWNER_EXACT]).s);
	}
}

static void handoffs_print(const struct lock *lock, struct style style, FILE *out)
{
	if (!lock->handoffs.cnt)
		return;
	fprintf(out, "      handed   %s in %s, p99 %s; %s waited\n",
		format_noun(lock->handoffs.cnt, "time", "times").s,
		format_time(spread_percentile(&lock->handoffs, 50), style).s,
		format_time(spread_percentile(&lock->handoffs, 99), style).s,
		format_average(lock->wakings_waiters, lock->wakings_cnt).s);
}

static int syncs_text(const struct report *report, struct style style, FILE *out)
{
	const struct locks *locks = locks_of(report);
	size_t rows = report_rows_beside(report, locks->sync_ranking_cnt, SYNCS);
	struct table *table = table_new("nrrrr");
	int err = table ? table_cells(table, (const char *const[]){
			"not a lock", "waits", "waited", "max", "at once", NULL }) : -ENOMEM;

	for (size_t i = 0; !err && i < rows; i++) {
		const struct word_waits *waits = locks->sync_ranking[i];

		err = table_cells(table, (const char *const[]){
			lock_name(report, waits->word, style).s, format_count(waits->waits_cnt).s,
			format_time(waits->wait_ns, style).s, format_time(waits->longest_ns, style).s,
			waiters_text(waits).s, NULL });
	}
	if (!err && rows)
		table_print(table, style, "    ", out);
	table_free(table);
	return err;
}

static int locks_text(const struct report *report, struct style style, FILE *out)
{
	const struct locks *locks = locks_of(report);
	size_t details = report_rows_beside(report, locks->ranking_cnt, DETAILS);
	int err = 0;

	answer_print(report, style, out);
	if (locks->ranking_cnt)
		err = table_text(report, style, out);
	for (size_t i = 0; !err && i < details; i++) {
		const struct lock *lock = locks->ranking[i];

		if (lock->waits.wait_ns < locks->wait_ns / 100)
			break;
		fprintf(out, "    %s\n", lock_name(report, lock->waits.word, style).s);
		holders_print(report, lock, style, out);
		meanwhile_print(lock, out);
		chains_print(report, lock, style, out);
		handoffs_print(lock, style, out);
	}
	return err ? err : syncs_text(report, style, out);
}

static void waits_put(struct json_out *out, json_t *object, const struct word_waits *waits)
{
	const struct futex_word *word = waits->word;

	put_number(out, object, "address", word->address);
	put_number(out, object, "process", word->process->id);
	put_number(out, object, "program", word->execs);
	put_number(out, object, "waits", waits->waits_cnt);
	put_number(out, object, "cut_waits", waits->cut_cnt);
	put_number(out, object, "wait_ns", waits->wait_ns);
	put_number(out, object, "longest_ns", waits->longest_ns);
	put_number(out, object, "contended_ns", waits->contended_ns);
	put_number(out, object, "waiters_max", waits->waiters_max);
	put_number(out, object, "idle_ns", word_idle_ns(waits));
}

static json_t *certain_json(struct json_out *out, const uint64_t ns[OWNER_CNT])
{
	json_t *object = json_object();

	for (int i = 0; i < OWNER_CNT; i++)
		put_number(out, object, owner_certainty_names[i], ns[i]);
	return object;
}

static json_t *holders_json(struct json_out *out, const struct report *report, const struct lock *lock)
{
	json_t *array = json_array();
	size_t cnt;
	const struct share *shares = shares_of(&locks_of(report)->blames, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < cnt && i < HOLDERS_LISTED; i++) {
		bool told = shares[i].from != SEVERAL;
		const struct thread *thread = told ? report->analysis->people.threads[shares[i].from] : NULL;
		json_t *object = json_object();

		put_maybe(out, object, "thread", told, told ? thread->id : 0);
		put_maybe(out, object, "tid", told, told ? thread->tid : 0);
		put_text(out, object, "comm", told ? thread->comm : "");
		put_number(out, object, "exact_waits", shares[i].cnt[OWNER_EXACT]);
		put_number(out, object, "exact_ns", shares[i].ns[OWNER_EXACT]);
		put_number(out, object, "likely_waits", shares[i].cnt[OWNER_LIKELY]);
		put_number(out, object, "likely_ns", shares[i].ns[OWNER_LIKELY]);
		append(out, array, object);
	}
	return array;
}

static json_t *meanwhile_json(struct json_out *out, const struct holders_sum *sum)
{
	json_t *object = json_object();

	for (int state = 0; state < HOLDER_STATES; state++)
		put_number(out, object, holder_state_name(state), sum->state_ns[state]);
	return object;
}

static json_t *chains_json(struct json_out *out, const struct report *report, const struct lock *lock)
{
	json_t *array = json_array();
	size_t cnt;
	const struct share *shares = shares_of(&locks_of(report)->chains, lock->waits.word->slot, &cnt);

	for (size_t i = 0; i < cnt && i < HOLDERS_LISTED; i++) {
		bool told = shares[i].from != SEVERAL;
		const struct futex_word *word = told ? locks_of(report)->locks[shares[i].from]->waits.word : NULL;
		json_t *object = json_object();

		put_maybe(out, object, "address", told, told ? word->address : 0);
		put_maybe(out, object, "process", told, told ? word->process->id : 0);
		put_maybe(out, object, "program", told, told ? word->execs : 0);
		put_number(out, object, "ns", share_sum(&shares[i]));
		append(out, array, object);
	}
	return array;
}

static json_t *lock_json(struct json_out *out, const struct report *report, const struct lock *lock)
{
	json_t *object = json_object();

	waits_put(out, object, &lock->waits);
	put(out, object, "spread", spread_json(out, &lock->wait_spread));
	put(out, object, "blamed", certain_json(out, lock->certain_ns));
	put(out, object, "holders", holders_json(out, report, lock));
	put(out, object, "holder_states", meanwhile_json(out, &lock->holder[OWNER_EXACT]));
	put(out, object, "likely_holder_states", meanwhile_json(out, &lock->holder[OWNER_LIKELY]));
	put(out, object, "holder_waits_for", chains_json(out, report, lock));
	put(out, object, "handoffs", spread_json(out, &lock->handoffs));
	put_number(out, object, "path_wait_ns", path_wait_ns(report, lock));
	put_number(out, object, "wakings", lock->wakings_cnt);
	put_number(out, object, "wakings_waiters", lock->wakings_waiters);
	return object;
}

static json_t *locks_json(struct json_out *out, const struct report *report)
{
	const struct locks *locks = locks_of(report);
	json_t *object = json_object(), *list = json_array(), *syncs = json_array();

	put_number(out, object, "waits", locks->waits_cnt);
	put_number(out, object, "wait_ns", locks->wait_ns);
	put(out, object, "wait_bounds", bounds_json(out, locks->wait_ns,
						    report->analysis->trust.states[STATE_WAIT_LOCK]));
	put_number(out, object, "idle_ns", locks->idle_ns);
	put(out, object, "blamed", certain_json(out, locks->certain_ns));
	for (size_t i = 0; i < locks->ranking_cnt && i < WORDS_LISTED; i++)
		append(out, list, lock_json(out, report, locks->ranking[i]));
	for (size_t i = 0; i < locks->sync_ranking_cnt && i < WORDS_LISTED; i++) {
		json_t *sync = json_object();

		waits_put(out, sync, locks->sync_ranking[i]);
		append(out, syncs, sync);
	}
	put_number(out, object, "locks_cnt", locks->ranking_cnt);
	put(out, object, "locks", list);
	put_number(out, object, "syncs_cnt", locks->sync_ranking_cnt);
	put(out, object, "syncs", syncs);
	return object;
}

const struct section locks_section = {
	.name = "locks",
	.says = "who waited for which lock, and what its holder did meanwhile",
	.any = locks_any,
	.text = locks_text,
	.json = locks_json,
};
