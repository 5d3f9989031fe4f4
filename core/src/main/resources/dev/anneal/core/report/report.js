(function () {
  "use strict";
  var root = document.documentElement;
  document.getElementById("theme").addEventListener("click", function () {
    var dark = root.classList.contains("dark") ||
      (!root.classList.contains("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    root.classList.remove("dark", "light");
    root.classList.add(dark ? "light" : "dark");
  });

  function format(kind, value) {
    if (kind === "COUNT") {
      return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : 0 });
    }
    if (kind === "BYTES") {
      var units = ["B", "kB", "MB", "GB", "TB"], unit = 0;
      while (Math.abs(value) >= 1000 && unit < 4) { value /= 1000; unit++; }
      return value.toPrecision(3) + " " + units[unit];
    }
    var size = Math.abs(value);
    return size !== 0 && (size < 1e-2 || size >= 1e6) ? value.toExponential(3) : String(+value.toPrecision(5));
  }

  function nearest(steps, step) {
    var low = 0, high = steps.length - 1;
    while (high - low > 1) {
      var middle = (low + high) >> 1;
      if (steps[middle] < step) { low = middle; } else { high = middle; }
    }
    return Math.abs(steps[low] - step) <= Math.abs(steps[high] - step) ? low : high;
  }

  function wire(figure) {
    var source = figure.querySelector("script");
    if (!source) { return; }
    var chart = JSON.parse(source.textContent);
    var plot = figure.querySelector(".plot"), svg = figure.querySelector("svg");
    var cross = figure.querySelector(".cross"), tip = figure.querySelector(".tip");
    var x = chart.x;

    function hide() { tip.hidden = true; cross.classList.remove("on"); }

    function show(event) {
      var matrix = svg.getScreenCTM();
      if (!matrix) { return; }
      var at = (event.clientX - matrix.e) / matrix.a;
      var step = x[0] + (at - x[2]) / (x[3] - x[2]) * (x[1] - x[0]);
      var main = chart.curves[0];
      var shown = main.steps[nearest(main.steps, step)];
      tip.textContent = "";
      var heading = document.createElement("b");
      heading.textContent = "step " + shown.toLocaleString("en-US");
      tip.appendChild(heading);
      chart.curves.forEach(function (curve) {
        var i = nearest(curve.steps, shown);
        if (curve.values[i] === null) { return; }
        var line = document.createElement("div");
        var where = curve.steps[i] === shown ? "" : " (step " + curve.steps[i].toLocaleString("en-US") + ")";
        var name = chart.curves.length > 1 ? curve.name + " " : "";
        line.textContent = name + format(chart.format, curve.values[i]) + where;
        tip.appendChild(line);
      });
      var px = x[2] + (shown - x[0]) / (x[1] - x[0]) * (x[3] - x[2]);
      cross.setAttribute("x1", px);
      cross.setAttribute("x2", px);
      cross.classList.add("on");
      tip.hidden = false;
      var box = plot.getBoundingClientRect();
      var left = matrix.e + px * matrix.a - box.left;
      var room = box.width - left - 14 > tip.offsetWidth;
      tip.style.left = (room ? left + 12 : Math.max(0, left - 12 - tip.offsetWidth)) + "px";
    }

    plot.addEventListener("pointermove", show);
    plot.addEventListener("pointerdown", show);
    plot.addEventListener("pointerleave", hide);
  }

  Array.prototype.forEach.call(document.querySelectorAll(".chart"), wire);
})();
