/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * simulate SEED FILE.plx [small|middle|huge]: plays a world, writes its trace, prints the script and the
 * true answer. For people who want to look at what a failing seed is about, with trace-report.
 */
#include <fcntl.h>
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

int main(int argc, char **argv)
{
	struct sim_script script;
	struct sim_recorder recorder;
	struct sim_world world;
	struct sim_story story;
	struct sim_answer answer;
	int failed;

	if (argc < 3 || argc > 4) {
		fprintf(stderr, "usage: simulate SEED FILE.plx [small|middle|huge]\n");
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
