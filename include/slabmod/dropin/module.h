/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module's pool: created before the module's init function. It ends with the module, after its
 * exit function, or after an init function that fails: slabmod destroys it then. What is left is a
 * leak, and listed. The file with module_init() has the pool and its parameters; subsys_initcall()
 * and the like are module_init() in a module. Read <slabmod/dropin.h> first.
 */
#ifndef _SLABMOD_DROPIN_MODULE_H
#define _SLABMOD_DROPIN_MODULE_H

/* The parameters slabmod_*_mb and slabmod_debug. */
struct slabmod_dropin_settings {
	unsigned long limit_mb;
	unsigned long reserve_mb;
	bool debug;
};

static inline struct slabmod_pool *
slabmod_dropin_pool_create(const struct slabmod_dropin_settings *settings, struct module *owner)
{
	struct slabmod_pool_params params = SLABMOD_POOL_PARAMS_INIT;
	char name[SLABMOD_POOL_NAME_MAX + 1];

	if (settings->limit_mb > SIZE_MAX >> 20 || settings->reserve_mb > SIZE_MAX >> 20) {
		pr_err("slabmod: %s: slabmod_limit_mb and slabmod_reserve_mb must be below 2^44\n",
		       KBUILD_MODNAME);
		return NULL;
	}
	params.limit_bytes = settings->limit_mb << 20;
	params.reserve_bytes = settings->reserve_mb << 20;
	params.debug = settings->debug;
	params.ends_with_module = true;
	/* A longer name is cut. */
	strscpy(name, KBUILD_MODNAME, sizeof(name));
	return slabmod_pool_create_owned(name, &params, owner);
}

#define SLABMOD_DROPIN_POOL()									\
	SLABMOD_IMPORT();									\
	struct slabmod_pool *slabmod_dropin_pool;						\
	static struct slabmod_dropin_settings slabmod_dropin_settings;				\
	module_param_named(slabmod_limit_mb, slabmod_dropin_settings.limit_mb, ulong, 0444);	\
	MODULE_PARM_DESC(slabmod_limit_mb,							\
			 "maximum MiB of the module's pool; 0: no limit (default 0)");		\
	module_param_named(slabmod_reserve_mb, slabmod_dropin_settings.reserve_mb, ulong,	\
			   0444);								\
	MODULE_PARM_DESC(slabmod_reserve_mb,							\
			 "MiB that the module's pool holds from the start (default 0)");	\
	module_param_named(slabmod_debug, slabmod_dropin_settings.debug, bool, 0444);		\
	MODULE_PARM_DESC(slabmod_debug,								\
			 "detect misuse of the module's memory, at a cost (default off)")

#undef module_init
#define module_init(initfn)									\
	SLABMOD_DROPIN_POOL();									\
	static inline initcall_t __maybe_unused __inittest(void)				\
	{ return initfn; }									\
	int __init init_module(void)								\
	{											\
		slabmod_dropin_pool = slabmod_dropin_pool_create(&slabmod_dropin_settings,	\
								 THIS_MODULE);			\
		return slabmod_dropin_pool ? initfn() : -ENOMEM;				\
	}											\
	___ADDRESSABLE(init_module, __initdata)

#endif /* _SLABMOD_DROPIN_MODULE_H */
