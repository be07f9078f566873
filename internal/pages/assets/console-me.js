// Who asks, and what they may do: from GET /me. The server decides anew with every
// request; here it only says what is worth showing.
export class Me {
	constructor(told) {
		this.operator = told.operator;
		this.permissions = told.permissions ?? {};
		this.reads = told.scope === 'read';
		this.email = told.person?.email ?? '';
		this.held = told.person?.collections ?? [];
		this.more = told.person?.more;
		this.role = told.person?.role ?? '';
	}

	get name() { return this.operator ? 'operator' : `${this.email} (${this.role})`; }

	// sees reports whether the permission holds: everywhere, or, where it takes a
	// capability, in the collection, or where none is named in any.
	sees(permission, collection) {
		const reach = this.permissions[permission];
		if (!reach || reach === 'yes') return Boolean(reach);
		const capability = reach.replace('with ', '');
		const holds = (h) => (!collection || h.collection === collection) && (h.owner || h.can.includes(capability) || h.can.includes('manage'));
		return this.held.some(holds) || Boolean(this.more);
	}

	// may is sees for what changes something: a key that only reads does not.
	may(permission, collection) { return !this.reads && this.sees(permission, collection); }

	everywhere(permission) { return !this.reads && this.permissions[permission] === 'yes'; }

	mayLink(link) {
		if (this.reads) return false;
		return this.everywhere('collections') || link.by === this.email || (link.collection ? this.may('collections', link.collection) : false);
	}
}
