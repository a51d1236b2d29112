// Node and nothing else: what every start costs.
console.log(performance.timeOrigin + performance.now(), '');
