// Health: what this server says of itself.
import { chip, facts, panel, quiet } from './console-dom.js';

export async function health(ctx) {
	const before = Date.now();
	let told;
	try {
		told = await ctx.api.get('/health');
	} catch (problem) {
		if (problem.status !== 503) throw problem;
		return { heading: 'Health', content: [panel('This server', facts(['Store', chip('down')]), quiet(problem.message))] };
	}
	// The answer was on its way for half of the time that it took, more or less.
	const apart = Math.round((new Date(told.time).getTime() - (before + Date.now()) / 2) / 1000);
	return {
		heading: 'Health',
		content: [panel('This server', facts(
			['Store', chip(told.status), ` ${told.store ?? ''}`],
			['Clock', new Date(told.time).toISOString(), Math.abs(apart) < 2 ? ', as in this browser' : `, ${Math.abs(apart)} seconds ${apart > 0 ? 'ahead of' : 'behind'} this browser`],
			['Usage facts dropped', String(told.usage_dropped ?? 'not told')],
			['Version', told.version || 'not told'],
		))],
	};
}
