/* SPDX-License-Identifier: BSD-2-Clause */
/* The pipeline's order, held against the sources: who may include whom, and who owns which library. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Fails with what grep finds. */
static void assert_nothing_found(const char *pattern, const char *where)
{
	char command[512], line[512], found[4096] = "";
	size_t len = 0;
	FILE *grep;

	snprintf(command, sizeof(command), "grep -rnE --include='*.[ch]' '%s' %s", pattern, where);
	grep = popen(command, "r");
	assert_non_null(grep);
	while (fgets(line, sizeof(line), grep) && len + 1 < sizeof(found))
		len += snprintf(found + len, sizeof(found) - len, "%s", line);
	/* 1: nothing matched; 2: grep itself failed, as with a directory that is not there. */
	if (pclose(grep) != 1 << 8)
		fail_msg("%s\n%s", command, found);
}

static void includes_follow_the_arrows(void **state)
{
	(void)state;
	assert_nothing_found("#include \"(collector|analyzer|workloads|tests|trace)/", "probes");
	assert_nothing_found("#include \"(collector|analyzer|workloads|tests|probes)/", "trace");
	assert_nothing_found("#include \"(analyzer|workloads|tests)/", "collector");
	assert_nothing_found("#include \"(collector|probes|workloads|tests)/", "analyzer");
	assert_nothing_found("#include \"(collector|probes|trace|analyzer|tests)/", "workloads");
}

static void each_library_has_its_owner(void **state)
{
	(void)state;
	assert_nothing_found("#include \"probes/.*skel", "--exclude=session.c collector");
	assert_nothing_found("#include <(gelf|libelf)\\.h>", "--exclude=elfsym.c collector trace analyzer");
	assert_nothing_found("#include <(elfutils/|dwarf)", "--exclude=symbolize.c collector trace analyzer");
	assert_nothing_found("#include <bpf/", "trace analyzer workloads");
	assert_nothing_found("#include \"probes/events.h\"",
			     "--exclude=decode.c --exclude=drain.c --exclude=programs.h "
			     "--exclude=session.h --exclude=elfsym.h collector");
}

/* Whoever says what is true must not have it from whoever is tested. */
static void the_oracle_knows_no_analyzer(void **state)
{
	(void)state;
	assert_nothing_found("#include \"(analyzer|collector|probes)/",
			     "--exclude='compare*.c' --exclude='sides.[ch]' tests/sim");
}

static void only_the_decoder_knows_both_families(void **state)
{
	(void)state;
	assert_nothing_found("struct event_(switch|waking|sample|thread|exec|exit|usage|comm|migrate|core|gil|gilop|lockop|gap)",
			     "--exclude=decode.c collector");
	assert_nothing_found("TRACE_(WAKING|SAMPLE|THREAD|EXEC|EXIT|USAGE|COMM|MIGRATE|CORE|GILOP|LOCKOP)\\b",
			     "--exclude=decode.c collector");
}

#define PRINTS "\\b(printf|vprintf|puts|putchar|perror|warnx?|errx?)\\("

static void libraries_do_not_print(void **state)
{
	(void)state;
	/* Renderers and the dump write to the FILE that they are given. */
	assert_nothing_found(PRINTS "|\\b(stderr|stdout)[,);]", "trace");
	assert_nothing_found(PRINTS "|\\b(stderr|stdout)[,);]",
			     "--exclude=main.c --exclude=options.[ch] analyzer");
	/* The status line, and whom the recorder waits for, are the tool's words while it runs. */
	assert_nothing_found(PRINTS "|\\b(stderr|stdout)[,);]",
			     "--exclude=main.c --exclude=options.[ch] --exclude=status.[ch] "
			     "--exclude=recorder.[ch] collector");
	assert_nothing_found(PRINTS "|\\bstdout[,);]", "collector/recorder.c collector/status.c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(includes_follow_the_arrows),
		cmocka_unit_test(each_library_has_its_owner),
		cmocka_unit_test(the_oracle_knows_no_analyzer),
		cmocka_unit_test(only_the_decoder_knows_both_families),
		cmocka_unit_test(libraries_do_not_print),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
