/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Curves and states for machines.
 */
#include "analyzer/json_scope.h"

static double average(uint64_t integral_ns, uint64_t over_ns)
{
	return over_ns ? (double)integral_ns / (double)over_ns : 0;
}

json_t *states_json(struct json_out *out, const uint64_t state_ns[STATE_CNT])
{
	json_t *states = json_object();

	for (int state = 0; state < STATE_CNT; state++)
		put_number(out, states, state_infos[state].name, state_ns[state]);
	return states;
}

json_t *bounds_json(struct json_out *out, uint64_t ns, struct range range)
{
	json_t *bounds = json_object();

	put_number(out, bounds, "low_ns", range_low(ns, range));
	put_number(out, bounds, "high_ns", range_high(ns, range));
	return bounds;
}

static json_t *curves_bounds(struct json_out *out, const struct report_scope *scope,
			     const struct trust *trust)
{
	json_t *curves = json_object();

	for (int i = 0; i < CURVE_CNT; i++) {
		uint64_t ns = scope->curves->integral_ns[i];
		json_t *curve = bounds_json(out, ns, trust->curves[i]);

		put(out, curve, "avg_wall_low",
		    json_real(average(range_low(ns, trust->curves[i]), scope->wall_ns)));
		put(out, curve, "avg_wall_high",
		    json_real(average(range_high(ns, trust->curves[i]),
				      scope->wall_ns - trust->wall_down_ns)));
		put(out, curves, curve_names[i], curve);
	}
	return curves;
}

void trust_put(struct json_out *out, json_t *object, const struct report_scope *scope,
	       const struct trust *trust)
{
	json_t *bounds = json_object(), *states = json_object();

	for (int state = 0; state < STATE_UNKNOWN; state++)
		put(out, states, state_infos[state].name,
		    bounds_json(out, scope->state_ns[state], trust->states[state]));
	put_number(out, bounds, "wall_low_ns", scope->wall_ns - trust->wall_down_ns);
	put(out, bounds, "curves", curves_bounds(out, scope, trust));
	put(out, bounds, "states", states);
	put(out, object, "bounds", bounds);
}

static json_t *curves_json(struct json_out *out, const struct report_scope *scope)
{
	json_t *curves = json_object();

	for (int i = 0; i < CURVE_CNT; i++) {
		json_t *curve = json_object();
		const struct scope *from = scope->curves;

		put(out, curve, "avg_wall",
		    json_real(average(from->integral_ns[i], scope->wall_ns)));
		put(out, curve, "avg_active",
		    json_real(average(from->active_integral_ns[i], from->active_ns)));
		put_number(out, curve, "integral_ns", from->integral_ns[i]);
		put_number(out, curve, "active_integral_ns", from->active_integral_ns[i]);
		put(out, curves, curve_names[i], curve);
	}
	return curves;
}

static json_t *histogram_json(struct json_out *out, const struct scope *curves)
{
	json_t *histogram = json_array();

	for (size_t i = 0; i < curves->levels_cnt; i++) {
		json_t *level = json_object();

		put_number(out, level, "level", i);
		put_number(out, level, "ns", curves->level_ns[i]);
		append(out, histogram, level);
	}
	return histogram;
}

void scope_put(struct json_out *out, json_t *object, const struct report_scope *scope)
{
	put_number(out, object, "wall_ns", scope->wall_ns);
	put_number(out, object, "active_ns", scope->curves->active_ns);
	put_number(out, object, "any_on_core_ns", scope->curves->any_on_core_ns);
	put_number(out, object, "sampled_ns", scope->sampled_ns);
	put(out, object, "curves", curves_json(out, scope));
	put(out, object, "states", states_json(out, scope->state_ns));
	put(out, object, "histogram", histogram_json(out, scope->curves));
}
