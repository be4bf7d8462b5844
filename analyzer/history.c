/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Blocks of entries, each compressed by itself, so that it can be read from either end.
 */
#include "analyzer/history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "analyzer/array.h"
#include "analyzer/thread.h"
#include "analyzer/words.h"

#define BLOCK_ENTRIES 16384

struct history_block {
	void *data;		/* NULL: in the file, at: */
	uint64_t offset;
	size_t bytes, cnt;
};

/* Fast: what is read once or twice need not be small. */
#define LEVEL 1

const char *history_dir(void)
{
	const char *dir = getenv("TMPDIR");

	return dir && *dir ? dir : "/tmp";
}

static void file_open(struct history *history)
{
	int fd = open(history_dir(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	history->fd = fd < 0 ? -1 : fd + 1;
}

/* Whether it is in the file. What a full disk took of it is written over or never read. */
static bool file_write(struct history *history, const void *data, size_t bytes)
{
	size_t done = 0;

	if (!history->fd)
		file_open(history);
	while (history->fd > 0 && done < bytes) {
		ssize_t len = pwrite(history->fd - 1, (const char *)data + done, bytes - done,
				     (off_t)(history->file_bytes + done));

		if (len > 0)
			done += (size_t)len;
		else if (!len || errno != EINTR)
			return false;
	}
	return history->fd > 0;
}

static int block_keep(struct history *history, struct history_block *block, const void *data)
{
	if (history->memory_bytes + block->bytes > HISTORY_MEMORY_BYTES &&
	    file_write(history, data, block->bytes)) {
		block->offset = history->file_bytes;
		history->file_bytes += block->bytes;
		return 0;
	}
	block->data = malloc(block->bytes);
	if (!block->data)
		return -ENOMEM;
	memcpy(block->data, data, block->bytes);
	history->memory_bytes += block->bytes;
	return 0;
}

static int block_finish(struct history *history)
{
	size_t raw = history->filling_cnt * sizeof(*history->filling), room = ZSTD_compressBound(raw);
	struct history_block block = { .cnt = history->filling_cnt };
	void *packed;
	int err;

	if (!raw)
		return 0;
	err = array_reserve(&history->blocks, &history->blocks_cap, history->blocks_cnt + 1, sizeof(block));
	if (err)
		return err;
	packed = malloc(room);
	if (!packed)
		return -ENOMEM;
	block.bytes = ZSTD_compress(packed, room, history->filling, raw, LEVEL);
	err = ZSTD_isError(block.bytes) ? -ENOMEM : block_keep(history, &block, packed);
	free(packed);
	if (err)
		return err;
	history->blocks[history->blocks_cnt++] = block;
	history->filling_cnt = 0;
	return 0;
}

static int entry_add(struct history *history, const struct history_entry *entry)
{
	int err;

	if (!history->filling) {
		history->filling = malloc(BLOCK_ENTRIES * sizeof(*entry));
		if (!history->filling)
			return -ENOMEM;
	}
	history->filling[history->filling_cnt++] = *entry;
	history->entries_cnt++;
	err = history->filling_cnt < BLOCK_ENTRIES ? 0 : block_finish(history);
	return err;
}

static uint64_t wait_object(enum thread_state state, const struct wait_for *wait)
{
	if (state == STATE_WAIT_GIL)
		return wait->gil;
	return wait->word ? 1 + (uint64_t)wait->word->slot : 0;
}

static int history_change(void *ctx, const struct change *change)
{
	uint64_t holds = change->from_gil ? change->from_gil : change->from_held;

	return entry_add(ctx, &(struct history_entry){
		.at_ns = change->at_ns,
		.since_ns = change->since_ns,
		.object = change->to == STATE_RUN_GIL ? change->to_gil :
						       wait_object(change->to, &change->to_wait),
		.awaited = change->from_wait.owner ? 1 + (uint64_t)change->from_wait.owner->slot : 0,
		.gil = holds ? holds : change->from_wait.gil,
		.held = holds != 0,
		.thread = change->thread->slot,
		.kind = HISTORY_CHANGE,
		.from = (unsigned char)change->from,
		.to = (unsigned char)change->to,
	});
}

static int history_edge(void *ctx, const struct edge *edge)
{
	return entry_add(ctx, &(struct history_entry){
		.at_ns = edge->at_ns,
		.since_ns = edge->since_ns,
		.object = edge->waker ? 1 + (uint64_t)edge->waker->slot : 0,
		.awaited = wait_object(edge->ended, &edge->wait),
		.thread = edge->wakee->slot,
		.kind = HISTORY_EDGE,
		.from = (unsigned char)edge->ended,
		.to = STATE_CNT,
		.cause = (unsigned char)edge->cause,
	});
}

static int history_end(void *ctx, const struct run *run)
{
	(void)run;
	return block_finish(ctx);
}

void history_clear(struct history *history)
{
	for (size_t i = 0; i < history->blocks_cnt; i++)
		free(history->blocks[i].data);
	free(history->blocks);
	free(history->filling);
	if (history->fd > 0)
		close(history->fd - 1);
	*history = (struct history){ 0 };
}

int history_open(struct history_reader *reader, const struct history *history)
{
	*reader = (struct history_reader){
		.history = history,
		.entries = malloc(BLOCK_ENTRIES * sizeof(*reader->entries)),
	};
	return reader->entries ? 0 : -ENOMEM;
}

int history_open_at_end(struct history_reader *reader, const struct history *history)
{
	int err = history_open(reader, history);

	reader->block = history->blocks_cnt + 1;
	return err;
}

void history_close(struct history_reader *reader)
{
	free(reader->entries);
	free(reader->packed);
	*reader = (struct history_reader){ 0 };
}

static int file_read(struct history_reader *reader, const struct history_block *block)
{
	size_t done = 0;
	int err = array_reserve(&reader->packed, &reader->packed_cap, block->bytes, 1);

	while (!err && done < block->bytes) {
		ssize_t len = pread(reader->history->fd - 1, (char *)reader->packed + done,
				    block->bytes - done, (off_t)(block->offset + done));

		if (len > 0)
			done += (size_t)len;
		else if (!len || errno != EINTR)
			err = -ESTALE;
	}
	return err;
}

static int block_load(struct history_reader *reader, const struct history_block *block)
{
	size_t raw = block->cnt * sizeof(*reader->entries);
	int err = block->data ? 0 : file_read(reader, block);

	if (!err && ZSTD_decompress(reader->entries, raw, block->data ? block->data : reader->packed,
				    block->bytes) != raw)
		err = -ESTALE;
	reader->cnt = block->cnt;
	return err;
}

int history_next(struct history_reader *reader, struct history_entry *ret_entry)
{
	int err;

	if (reader->at == reader->cnt) {
		if (reader->block == reader->history->blocks_cnt)
			return 0;
		err = block_load(reader, &reader->history->blocks[reader->block++]);
		if (err)
			return err;
		reader->at = 0;
	}
	*ret_entry = reader->entries[reader->at++];
	return 1;
}

int history_previous(struct history_reader *reader, struct history_entry *ret_entry)
{
	int err;

	if (!reader->at) {
		if (reader->block <= 1)
			return 0;
		reader->block--;
		err = block_load(reader, &reader->history->blocks[reader->block - 1]);
		if (err)
			return err;
		reader->at = reader->cnt;
	}
	*ret_entry = reader->entries[--reader->at];
	return 1;
}

const struct sink history_sink = {
	.name = "history",
	.change = history_change,
	.edge = history_edge,
	.end = history_end,
};
