/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simulate SEED FILE.plx [small|middle|huge]: plays a world, writes its trace, prints the script and the
 * true answer. For people who want to look at what a failing seed is about, with trace-report.
 *
 * simulate FIRST..LAST [small|middle|huge]: how often what is worth testing happens in these worlds.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/answer.h"
#include "tests/sim/recorder.h"

static int image_save(const struct sim_recorder *recorder, const char *path)
{
	size_t len;
	void *image = recorder_image(recorder, &len);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int failed = fd < 0 || write(fd, image, len) != (ssize_t)len;

	if (failed)
		perror(path);
	if (fd >= 0)
		close(fd);
	free(image);
	return failed;
}

static enum sim_size size_of(const char *name)
{
	return !strcmp(name, "huge") ? SIM_HUGE : !strcmp(name, "middle") ? SIM_MIDDLE : SIM_SMALL;
}

static void situations_print(unsigned long first, unsigned long last, enum sim_size size)
{
	uint64_t worlds[SITUATION_CNT] = { 0 }, times[SITUATION_CNT] = { 0 };

	for (unsigned long seed = first; seed <= last; seed++) {
		struct sim_script script;
		struct sim_recorder recorder;
		struct sim_world world;

		script_make(&script, seed, size);
		recorder_begin(&recorder, script.setup.cores);
		world_run(&world, &script, &recorder);
		for (int i = 0; i < SITUATION_CNT; i++) {
			worlds[i] += world.happened[i] != 0;
			times[i] += world.happened[i];
		}
		world_clear(&world);
		recorder_clear(&recorder);
		script_clear(&script);
	}
	for (int i = 0; i < SITUATION_CNT; i++)
		printf("%-50s %10" PRIu64 " worlds %10" PRIu64 " times\n", sim_situation_names[i], worlds[i],
		       times[i]);
}

int main(int argc, char **argv)
{
	unsigned long first, last;
	struct sim_script script;
	struct sim_recorder recorder;
	struct sim_world world;
	struct sim_story story;
	struct sim_answer answer;
	int failed;

	if (argc > 1 && sscanf(argv[1], "%lu..%lu", &first, &last) == 2) {
		situations_print(first, last, size_of(argc > 2 ? argv[2] : "small"));
		return 0;
	}
	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: simulate SEED FILE.plx [small|middle|huge]\n"
			"       simulate FIRST..LAST [small|middle|huge]\n");
		return 2;
	}
	script_make(&script, strtoull(argv[1], NULL, 10), size_of(argc > 3 ? argv[3] : "small"));
	recorder_begin(&recorder, script.setup.cores);
	world_run(&world, &script, &recorder);
	story_tell(&story, &recorder, &world);
	sim_answer_make(&answer, &story);
	script_print(&script, stdout);
	sim_answer_print(&answer, &story, stdout);
	failed = image_save(&recorder, argv[2]);
	sim_answer_clear(&answer);
	story_clear(&story);
	world_clear(&world);
	recorder_clear(&recorder);
	script_clear(&script);
	return failed;
}
