// SPDX-License-Identifier: BSD-2-Clause
/*
 * What the workloads share: the work they do, the command line, the truth they print.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "workloads/gilrt/clock.h"
#include "workloads/gilrt/options.h"
#include "workloads/gilrt/truth.h"
#include "workloads/gilrt/work.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* ---- work ------------------------------------------------------------------------------------ */

static uint32_t checksum_after(uint64_t seed, unsigned int units, unsigned int more)
{
	struct gilrt_work work;

	gilrt_work_init(&work, seed);
	gilrt_work_run(&work, units);
	gilrt_work_run(&work, more);
	assert_int_equal(work.unit_cnt, units + more);
	return gilrt_work_checksum(&work);
}

static void test_work_is_deterministic(void **state)
{
	const uint32_t sum = checksum_after(7, 5, 0);

	(void)state;
	assert_int_equal(checksum_after(7, 5, 0), sum);
	assert_int_equal(checksum_after(7, 2, 3), sum);
	assert_int_not_equal(checksum_after(8, 5, 0), sum);
	assert_int_not_equal(checksum_after(7, 6, 0), sum);
	/* On every machine, by every compiler. */
	assert_int_equal(checksum_after(1, 10, 0), 0xfa1cab01);
}

static void test_work_in_parts(void **state)
{
	struct gilrt_work whole, parts;

	(void)state;
	gilrt_work_init(&whole, 7);
	gilrt_work_init(&parts, 7);
	gilrt_work_run(&whole, 1);
	gilrt_work_run_loops(&parts, 0);
	gilrt_work_run_loops(&parts, 1);
	gilrt_work_run_loops(&parts, 999);
	assert_memory_equal(whole.reg, parts.reg, sizeof(whole.reg));
	assert_memory_equal(whole.cell, parts.cell, sizeof(whole.cell));
	assert_int_equal(parts.unit_cnt, 0);
	gilrt_work_run_lines(&parts, 0);
	assert_memory_equal(whole.reg, parts.reg, sizeof(whole.reg));
	gilrt_work_run_lines(&parts, 1);
	assert_memory_not_equal(whole.reg, parts.reg, sizeof(whole.reg));
	assert_memory_equal(whole.cell, parts.cell, sizeof(whole.cell));
}

static void test_work_depends_on_all_of_its_state(void **state)
{
	struct gilrt_work work, other;
	uint32_t sum;
	size_t i;

	(void)state;
	gilrt_work_init(&work, 1);
	sum = gilrt_work_checksum(&work);
	for (i = 0; i < WORK_REG_CNT; i++) {
		other = work;
		other.reg[i] ^= UINT64_C(1) << 63;
		assert_int_not_equal(gilrt_work_checksum(&other), sum);
	}
	for (i = 0; i < WORK_CELL_CNT; i++) {
		other = work;
		other.cell[i] ^= 1;
		assert_int_not_equal(gilrt_work_checksum(&other), sum);
	}
	other = work;
	gilrt_work_feed(&other, 1);
	assert_int_not_equal(gilrt_work_checksum(&other), sum);
}

static void test_work_is_the_same_under_any_regime(void **state)
{
	const struct gilrt_config configs[] = {
		{ .mode = GILRT_NEW, .checkpoints = GILRT_EVERY_OP },
		{ .mode = GILRT_NEW, .checkpoints = GILRT_BACKEDGE_AND_CALL },
		{ .mode = GILRT_OFF },
	};
	const uint32_t sum = checksum_after(3, 4, 0);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(configs); i++) {
		assert_int_equal(gilrt_init(&configs[i]), 0);
		assert_int_equal(gilrt_checkpoint_policy(), configs[i].checkpoints);
		assert_int_equal(checksum_after(3, 4, 0), sum);
		assert_int_equal(gilrt_stop(), 0);
		gilrt_fini();
	}
}

/* ---- options --------------------------------------------------------------------------------- */

#define ARGS_MAX	6

static uint16_t own_port;
static cpu_set_t own_cpus;
static uint32_t own_count;

static const struct workload_option own[] = {
	{ "port", "PORT", "Where to.", options_parse_port, &own_port },
	{ "more-cpus", "LIST", "Others.", options_parse_cpus, &own_cpus },
	{ "units", "N", "So many.", options_parse_count, &own_count },
	{ 0 },
};

static int parse(const char *const *args, struct workload_options *options, char *error)
{
	char *argv[ARGS_MAX + 2] = { (char *)"workload" };
	int argc = 1;

	while (argc <= ARGS_MAX && args[argc - 1]) {
		argv[argc] = (char *)args[argc - 1];
		argc++;
	}
	return options_parse(argc, argv, own, options, error);
}

static void test_options_default(void **state)
{
	const char *const args[] = { NULL };
	char error[WORKLOAD_ERROR_BYTES];
	struct workload_options options;

	(void)state;
	options_set_defaults(&options);
	assert_int_equal(parse(args, &options, error), 0);
	assert_int_equal(options.thread_cnt, 4);
	assert_int_equal(options.duration_ns, 2 * NSEC_PER_SEC);
	assert_int_equal(options.round_cnt, 0);
	assert_int_equal(options.seed, 1);
	assert_int_equal(options.runtime.mode, GILRT_NEW);
	assert_int_equal(options.runtime.switch_interval_us, 5000);
	assert_int_equal(options.runtime.checkpoints, GILRT_BACKEDGE_AND_CALL);
	assert_false(options.pinned || options.truth || options.help);
}

static void test_options_pin(void **state)
{
	struct workload_options options;
	cpu_set_t allowed, both;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	options_set_defaults(&options);
	options_pin_to_one_cpu(&options);
	assert_true(options.pinned);
	assert_int_equal(CPU_COUNT(&options.cpus), 1);
	CPU_AND(&both, &options.cpus, &allowed);
	assert_int_equal(CPU_COUNT(&both), 1);
}

static void test_options_given(void **state)
{
	const char *const first[] = { "--threads", "1024", "--seconds=0.25", "--cpus=0,2-3",
				      "--gil=off", NULL };
	const char *const second[] = { "--switch-interval=1", "--checkpoints=every-op",
				       "--seed=4294967295", "--truth", "--rounds=9", NULL };
	char error[WORKLOAD_ERROR_BYTES];
	struct workload_options options;

	(void)state;
	options_set_defaults(&options);
	assert_int_equal(parse(first, &options, error), 0);
	assert_int_equal(options.thread_cnt, 1024);
	assert_int_equal(options.duration_ns, NSEC_PER_SEC / 4);
	assert_true(options.pinned);
	assert_int_equal(CPU_COUNT(&options.cpus), 3);
	assert_true(CPU_ISSET(0, &options.cpus) && CPU_ISSET(2, &options.cpus));
	assert_true(CPU_ISSET(3, &options.cpus));
	assert_int_equal(options.runtime.mode, GILRT_OFF);

	options_set_defaults(&options);
	assert_int_equal(parse(second, &options, error), 0);
	assert_int_equal(options.runtime.switch_interval_us, 1);
	assert_int_equal(options.runtime.checkpoints, GILRT_EVERY_OP);
	assert_int_equal(options.seed, UINT32_MAX);
	assert_true(options.truth);
	assert_int_equal(options.round_cnt, 9);
	assert_true(options.duration_ns == UINT64_MAX);
}

static void test_options_gil(void **state)
{
	static const struct {
		const char *word;
		enum gilrt_mode mode;
	} cases[] = {
		{ "--gil=new", GILRT_NEW }, { "--gil=on", GILRT_NEW }, { "--gil=old", GILRT_OLD },
		{ "--gil=per-interpreter", GILRT_PER_INTERPRETER }, { "--gil=off", GILRT_OFF },
	};
	char error[WORKLOAD_ERROR_BYTES];
	struct workload_options options;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const args[] = { cases[i].word, "--check-interval=7", NULL };

		options_set_defaults(&options);
		assert_int_equal(options.runtime.check_interval, 100);
		assert_int_equal(parse(args, &options, error), 0);
		assert_int_equal(options.runtime.mode, cases[i].mode);
		assert_int_equal(options.runtime.check_interval, 7);
	}
	assert_string_equal(options_mode_name(GILRT_NEW), "new");
	assert_string_equal(options_mode_name(GILRT_OFF), "off");
}

static void test_own_options(void **state)
{
	const char *const args[] = { "--port=65535", "--more-cpus", "1,3", "--seed=7", "--units=65536", NULL };
	const char *const none[] = { NULL };
	char error[WORKLOAD_ERROR_BYTES], name[] = "workload", option[] = "--port=1";
	char *argv[] = { name, option, NULL };
	struct workload_options options;

	(void)state;
	options_set_defaults(&options);
	assert_int_equal(parse(args, &options, error), 0);
	assert_int_equal(own_port, 65535);
	assert_int_equal(own_count, 65536);
	assert_int_equal(CPU_COUNT(&own_cpus), 2);
	assert_true(CPU_ISSET(1, &own_cpus) && CPU_ISSET(3, &own_cpus));
	assert_int_equal(options.seed, 7);
	assert_false(options.pinned);

	/* Not given: as it was. Not the workload's: unknown. */
	assert_int_equal(parse(none, &options, error), 0);
	assert_int_equal(own_port, 65535);
	assert_int_equal(options_parse(2, argv, NULL, &options, error), -EINVAL);
}

static const struct refusal {
	const char *args[ARGS_MAX];
	const char *error;
} refusals[] = {
	{ { "--threads", "0" }, "--threads: '0' is not a number from 1 to 1024" },
	{ { "--threads=1025" }, "--threads: '1025' is not a number from 1 to 1024" },
	{ { "--threads=4x" }, "--threads: '4x' is not a number from 1 to 1024" },
	{ { "--threads=" }, "--threads: '' is not a number from 1 to 1024" },
	{ { "--threads=-1" }, "--threads: '-1' is not a number from 1 to 1024" },
	{ { "--threads= 1" }, "--threads: ' 1' is not a number from 1 to 1024" },
	{ { "--threads=99999999999999999999" },
	  "--threads: '99999999999999999999' is not a number from 1 to 1024" },
	{ { "--seconds=nan" }, "--seconds: 'nan' is not a number from 0.001 to 86400" },
	{ { "--seconds=0" }, "--seconds: '0' is not a number from 0.001 to 86400" },
	{ { "--seconds=1s" }, "--seconds: '1s' is not a number from 0.001 to 86400" },
	{ { "--rounds=0" }, "--rounds: '0' is not a number from 1 to 1000000000" },
	{ { "--cpus=" }, "--cpus: '' is not a list of cpus such as 0,2-3" },
	{ { "--cpus=0,,1" }, "--cpus: '0,,1' is not a list of cpus such as 0,2-3" },
	{ { "--cpus=3-2" }, "--cpus: '3-2' is not a list of cpus such as 0,2-3" },
	{ { "--cpus=1-" }, "--cpus: '1-' is not a list of cpus such as 0,2-3" },
	{ { "--cpus=1024" }, "--cpus: '1024' is not a list of cpus such as 0,2-3" },
	{ { "--gil=ON" }, "--gil: 'ON' is none of new, on, old, per-interpreter, off" },
	{ { "--checkpoints=x" }, "--checkpoints: 'x' is none of loops, every-op" },
	{ { "--switch-interval=0" },
	  "--switch-interval: '0' is not a number from 1 to 10000000" },
	{ { "--seed=4294967296" }, "--seed: '4294967296' is not a number from 0 to 4294967295" },
	{ { "--frobnicate" }, "'--frobnicate': unknown option, or its value is missing or not "
	  "wanted" },
	{ { "--truth", "--threads" }, "'--threads': unknown option, or its value is missing or "
	  "not wanted" },
	{ { "--truth=yes" }, "'--truth=yes': unknown option, or its value is missing or not "
	  "wanted" },
	{ { "--port=0" }, "--port: '0' is not PORT" },
	{ { "--port=65536" }, "--port: '65536' is not PORT" },
	{ { "--more-cpus=x" }, "--more-cpus: 'x' is not LIST" },
	{ { "--truth", "more" }, "'more': no arguments are expected" },
};

static void test_options_refused(void **state)
{
	struct workload_options options, before;
	char error[WORKLOAD_ERROR_BYTES];
	size_t i;

	(void)state;
	options_set_defaults(&options);
	before = options;
	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		assert_int_equal(parse(refusals[i].args, &options, error), -EINVAL);
		assert_string_equal(error, refusals[i].error);
	}
	assert_memory_equal(&options, &before, sizeof(options));	/* written only on success */
}

static void test_help_names_all_options(void **state)
{
	static const char *const names[] = {
		"Some words.", "--threads=", "--seconds=", "--rounds=", "--cpus=", "--gil=",
		"--switch-interval=", "--check-interval=", "--checkpoints=", "--seed=", "--truth", "--help",
		"--port=", "Where to.", "--more-cpus=",
	};
	const char *const args[] = { "--help", NULL };
	char error[WORKLOAD_ERROR_BYTES], *text = NULL;
	struct workload_options options;
	size_t size, i;
	FILE *out;

	(void)state;
	options_set_defaults(&options);
	assert_int_equal(parse(args, &options, error), 0);
	assert_true(options.help);
	out = open_memstream(&text, &size);
	assert_non_null(out);
	options_print_help(out, "workload", "Some words.", own);
	fclose(out);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (!strstr(text, names[i]))
			fail_msg("%s is not in the help:\n%s", names[i], text);
	free(text);
}

/* ---- truth ----------------------------------------------------------------------------------- */

static void work_a_little(void *arg)
{
	struct gilrt_work work;

	(void)arg;
	gilrt_work_init(&work, 1);
	gilrt_work_run(&work, 3);
	gilrt_thread_add_work(work.unit_cnt, gilrt_work_checksum(&work));
}

/* Runs two threads and stops the runtime. To be followed by gilrt_fini(). */
static void run_two(const struct workload_options *options)
{
	struct gilrt_thread *thread[2];

	assert_int_equal(gilrt_init(&options->runtime), 0);
	assert_int_equal(gilrt_thread_start(work_a_little, NULL, "worker-0", &thread[0]), 0);
	assert_int_equal(gilrt_thread_start(work_a_little, NULL, "odd \"\\\n\x01\xff", &thread[1]),
			 0);
	assert_int_equal(gilrt_thread_join(thread[0]), 0);
	assert_int_equal(gilrt_thread_join(thread[1]), 0);
	assert_int_equal(gilrt_stop(), 0);
}

static json_t *truth_as_json(const struct truth *truth)
{
	char *text = NULL;
	json_error_t error;
	json_t *json;
	size_t size;
	FILE *out;

	out = open_memstream(&text, &size);
	assert_non_null(out);
	assert_int_equal(truth_write(out, truth), 0);
	fclose(out);
	/* One object in one line, and nothing else. */
	assert_ptr_equal(strchr(text, '\n'), text + size - 1);
	json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
	if (!json)
		fail_msg("%s\n%s", error.text, text);
	free(text);
	return json;
}

static int64_t number_in(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_integer(value))
		fail_msg("%s is not an integer", name);
	return json_integer_value(value);
}

static void check_thread(const json_t *json, const struct gilrt_thread *thread)
{
	struct gilrt_stats stats;

	gilrt_thread_stats(thread, &stats);
	assert_int_equal(number_in(json, "pid"), getpid());
	assert_int_equal(number_in(json, "tid"), stats.tid);
	assert_int_equal(number_in(json, "start_ns"), stats.start_ns);
	assert_int_equal(number_in(json, "end_ns"), stats.end_ns);
	assert_int_equal(number_in(json, "cpu_ns"), stats.cpu_ns);
	assert_int_equal(number_in(json, "sched_run_ns"), stats.sched_run_ns);
	assert_int_equal(number_in(json, "sched_delay_ns"), stats.sched_delay_ns);
	assert_int_equal(number_in(json, "gil_wait_ns"), stats.gil_wait_ns);
	assert_int_equal(number_in(json, "gil_waits"), stats.gil_waits);
	assert_int_equal(number_in(json, "gil_hold_ns"), stats.gil_hold_ns);
	assert_int_equal(number_in(json, "gil_holds"), stats.gil_holds);
	assert_int_equal(number_in(json, "gil_released_ns"), stats.gil_released_ns);
	assert_int_equal(number_in(json, "lock_wait_ns"), stats.lock_wait_ns);
	assert_int_equal(number_in(json, "lock_waits"), stats.lock_waits);
	assert_int_equal(number_in(json, "drops"), stats.drops);
	assert_int_equal(number_in(json, "forced_switches"), stats.forced_switches);
	assert_int_equal(number_in(json, "units"), stats.units);
	assert_int_equal(number_in(json, "checksum"), stats.checksum);
}

static void test_truth_says_it_all(void **state)
{
	static const char *const names[] = { "main", "worker-0", "odd \"\\\n\x01\u00ff" };
	const struct workload_options options = {
		.thread_cnt = 2, .runtime = { .mode = GILRT_NEW, .switch_interval_us = 1234 }, .seed = 5,
	};
	const struct truth_counter counters[] = { { "items", 17 } };
	const struct gilrt_pool_stats process = {
		.pid = 77, .stats = { .name = "process-0", .tid = 77, .units = 9 },
	};
	const struct truth truth = {
		.workload = "te\"st", .options = &options, .start_ns = 1000, .end_ns = 1500,
		.counters = counters, .counter_cnt = 1, .processes = &process, .process_cnt = 1,
	};
	const struct gilrt_thread *thread = NULL;
	const json_t *threads, *last;
	json_t *json;
	size_t i;

	(void)state;
	run_two(&options);
	json = truth_as_json(&truth);
	assert_string_equal(json_string_value(json_object_get(json, "workload")), "te\"st");
	assert_string_equal(json_string_value(json_object_get(json, "gil")), "new");
	assert_int_equal(number_in(json, "threads"), 2);
	assert_int_equal(number_in(json, "switch_interval_us"), 1234);
	assert_int_equal(number_in(json, "seed"), 5);
	assert_int_equal(number_in(json, "pid"), getpid());
	assert_int_equal(number_in(json, "start_ns"), 1000);
	assert_int_equal(number_in(json, "end_ns"), 1500);
	assert_int_equal(number_in(json, "wall_ns"), 500);
	assert_int_equal(number_in(json, "gil_switches"), gilrt_gil->switch_number);
	assert_int_equal(number_in(json, "items"), 17);

	threads = json_object_get(json, "per_thread");
	assert_int_equal(json_array_size(threads), ARRAY_SIZE(names) + 1);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		const json_t *one = json_array_get(threads, i);

		thread = gilrt_thread_next(thread);
		assert_string_equal(json_string_value(json_object_get(one, "name")), names[i]);
		check_thread(one, thread);
		assert_int_equal(number_in(one, "units"), i == 0 ? 0 : 3);
	}
	last = json_array_get(threads, ARRAY_SIZE(names));
	assert_string_equal(json_string_value(json_object_get(last, "name")), "process-0");
	assert_int_equal(number_in(last, "pid"), 77);
	assert_int_equal(number_in(last, "units"), 9);
	json_decref(json);
	gilrt_fini();
}

static void test_truth_without_gil(void **state)
{
	const struct workload_options options = {
		.thread_cnt = 2, .runtime = { .mode = GILRT_OFF },
	};
	const struct truth truth = { .workload = "test", .options = &options };
	json_t *json;

	(void)state;
	run_two(&options);
	json = truth_as_json(&truth);
	assert_string_equal(json_string_value(json_object_get(json, "gil")), "off");
	assert_int_equal(number_in(json, "gil_switches"), 0);
	json_decref(json);
	gilrt_fini();
}

static void test_truth_reports_a_full_disk(void **state)
{
	const struct workload_options options = { .thread_cnt = 2 };
	const struct truth truth = { .workload = "test", .options = &options };
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	assert_int_equal(truth_write(out, &truth), -ENOSPC);
	fclose(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_work_is_deterministic),
		cmocka_unit_test(test_work_in_parts),
		cmocka_unit_test(test_work_depends_on_all_of_its_state),
		cmocka_unit_test(test_work_is_the_same_under_any_regime),
		cmocka_unit_test(test_options_default),
		cmocka_unit_test(test_options_given),
		cmocka_unit_test(test_options_pin),
		cmocka_unit_test(test_options_gil),
		cmocka_unit_test(test_own_options),
		cmocka_unit_test(test_options_refused),
		cmocka_unit_test(test_help_names_all_options),
		cmocka_unit_test(test_truth_says_it_all),
		cmocka_unit_test(test_truth_without_gil),
		cmocka_unit_test(test_truth_reports_a_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
