'use strict';
// The page works without this: it sorts tables, filters claims, and steps through animations.

for (const table of document.querySelectorAll('table')) {
	const value = (row, i) => {
		const text = row.cells[i].textContent.trim();
		const number = parseFloat(text.replace(/[,\u2713\u2717\u25e6 ]/g, ''));
		const unit = {KiB: 1024, MiB: 1048576, GiB: 1073741824}[text.split(' ').pop()] || 1;
		return text === '-' ? Infinity : isNaN(number) ? text : number * unit;
	};
	const buttons = table.querySelectorAll('thead button');
	buttons.forEach((button, i) => button.addEventListener('click', () => {
		const head = button.closest('th'), down = head.getAttribute('aria-sort') === 'ascending';
		const rows = [...table.tBodies[0].rows];
		rows.sort((a, b) => {
			const x = value(a, i), y = value(b, i);
			const order = typeof x === typeof y ? (x > y) - (x < y) : typeof x === 'number' ? -1 : 1;
			return down ? -order : order;
		});
		table.tBodies[0].append(...rows);
		table.querySelectorAll('th[aria-sort]').forEach(th => th.removeAttribute('aria-sort'));
		head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
	}));
}

for (const filter of document.querySelectorAll('.filter')) {
	const rows = document.querySelectorAll('#claims tbody tr');
	filter.hidden = false;
	filter.addEventListener('click', event => {
		const button = event.target.closest('button');
		if (!button)
			return;
		filter.querySelectorAll('button').forEach(b => b.setAttribute('aria-pressed', b === button));
		rows.forEach(row => row.hidden = button.value && row.cells[3].textContent !== button.value);
	});
}

const stage = document.querySelector('.stage');
if (stage) {
	const films = {}, slots = [...stage.querySelectorAll('.slot')];
	const slider = stage.querySelector('input'), now = stage.querySelector('.now');
	const play = stage.querySelector('[value=play]'), speed = stage.querySelector('.speed');
	let frame = 0, running = !matchMedia('(prefers-reduced-motion: reduce)').matches, seen = true;

	document.querySelectorAll('.films [data-film]').forEach(film => {
		films[film.dataset.film] = film.querySelector('svg');
	});
	document.querySelector('.films').remove();
	stage.hidden = false;

	const shown = () => slots.map(slot => slot.querySelector('svg')).filter(Boolean);
	const show = to => {
		const [first] = shown(), frames = +first.dataset.frames;
		frame = (to + frames) % frames;
		slider.max = frames - 1;
		slider.value = frame;
		for (const film of shown()) {
			film.pauseAnimations();
			film.setCurrentTime((Math.min(frame, film.dataset.frames - 1) + .5) / film.dataset.second);
		}
		const texts = shown().map(film => film.querySelectorAll('.step')[frame].querySelectorAll('text'));
		now.textContent = texts[0][0].textContent + '. ' + texts.map((text, i) =>
			slots[i].querySelector('select').value + ': ' + text[1].textContent).join('; ') + '.';
	};
	const run = on => {
		running = on;
		play.textContent = on ? 'Pause' : 'Play';
	};
	for (const slot of slots) {
		const select = slot.querySelector('select');
		const put = () => {
			slot.querySelector('div').replaceChildren(...select.value ? [films[select.value].cloneNode(true)] : []);
			show(frame);
		};
		select.addEventListener('change', put);
		put();
	}
	play.addEventListener('click', () => run(!running));
	stage.querySelector('[value=back]').addEventListener('click', () => { run(false); show(frame - 1); });
	stage.querySelector('[value=next]').addEventListener('click', () => { run(false); show(frame + 1); });
	slider.addEventListener('input', () => { run(false); show(+slider.value); });
	new IntersectionObserver(entries => { seen = entries[0].isIntersecting; }).observe(stage);
	run(running);
	const tick = () => {
		if (running && seen)
			show(frame + 1);
		setTimeout(tick, (frame === +slider.max ? 1500 : 200) / speed.value);
	};
	setTimeout(tick, 500);
}
