(function () {
  "use strict";
  var root = document.documentElement;
  var figures = JSON.parse(document.getElementById("figure-data").textContent);
  var PRINTED = 660;

  function colour(style, name) {
    return style.getPropertyValue(name).trim();
  }

  // Colours in the data are names of the page's variables; texts of tables stand under other keys.
  function painted(value, key, style) {
    if (Array.isArray(value)) {
      return value.map(function (one) { return painted(one, key, style); });
    }
    if (value && typeof value === "object") {
      var found = {};
      Object.keys(value).forEach(function (name) { found[name] = painted(value[name], name, style); });
      return found;
    }
    var isColour = key === "color" || key === "fillcolor" || key === "colorscale";
    return isColour && typeof value === "string" && value.slice(0, 2) === "--" ? colour(style, value) : value;
  }

  function axis(given, style) {
    return Object.assign({
      automargin: true, gridcolor: colour(style, "--grid"), linecolor: colour(style, "--line"), zeroline: false,
      fixedrange: true
    }, given, { title: Object.assign({ standoff: 10 }, given && given.title) });
  }

  // The data and layout of a figure in the page's colours of this moment.
  function built(figure) {
    var style = getComputedStyle(root);
    var layout = painted(figure.layout, "", style);
    layout = Object.assign({
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, height: 352, dragmode: false,
      hovermode: "closest", margin: { l: 12, r: 12, t: 12, b: 12 },
      font: { color: colour(style, "--ink"), family: getComputedStyle(document.body).fontFamily, size: 12 },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom" },
      hoverlabel: { bgcolor: colour(style, "--raised"), bordercolor: colour(style, "--line"),
        font: { color: colour(style, "--ink") } }
    }, layout);
    var named = figure.data.filter(function (trace) { return trace.name && trace.showlegend !== false; });
    layout.margin.t = named.length > 1 ? 44 : 24;
    layout.xaxis = axis(layout.xaxis, style);
    layout.yaxis = axis(layout.yaxis, style);
    return { data: painted(figure.data, "", style), layout: layout };
  }

  // The same on paper: light, whatever the scheme of the page is.
  function light(figure) {
    root.classList.add("printing");
    var found = built(figure);
    root.classList.remove("printing");
    found.layout.paper_bgcolor = "#ffffff";
    return found;
  }

  function draw(figure, isPrinted) {
    var place = document.querySelector("#" + figure.name + " .plot");
    var found = built(figure);
    if (isPrinted) {
      found.layout.width = PRINTED;
    }
    place.style.minHeight = found.layout.height + "px";
    Plotly.purge(place);  // a legend that is laid out anew for another width would keep its place
    return Plotly.newPlot(place, found.data, found.layout, {
      responsive: true, displayModeBar: false, displaylogo: false, showTips: false, doubleClick: false
    });
  }

  function drawAll(isPrinted) {
    return Promise.all(figures.map(function (figure) { return draw(figure, isPrinted); })).then(function () {
      root.setAttribute("data-drawn", String(figures.length));
    });
  }

  figures.forEach(function (figure) {
    var whole = document.getElementById(figure.name);
    whole.querySelectorAll("button").forEach(function (button) {
      button.addEventListener("click", function () {
        var options = { format: button.dataset.form, filename: figure.name, width: 900, height: 560, scale: 2 };
        Plotly.downloadImage(light(figure), options);
      });
    });
  });

  // Plotly's script, unpacked: a text that the browser then reads as a script.
  function unpacked(id) {
    var packed = atob(document.getElementById(id).textContent);
    var bytes = new Uint8Array(packed.length);
    for (var place = 0; place < packed.length; place += 1) {
      bytes[place] = packed.charCodeAt(place);
    }
    var stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Response(stream).text();
  }

  function start(text) {
    var script = document.createElement("script");
    script.textContent = text;
    document.head.appendChild(script);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", function () { drawAll(false); });
    window.addEventListener("beforeprint", function () { root.classList.add("printing"); drawAll(true); });
    window.addEventListener("afterprint", function () { root.classList.remove("printing"); drawAll(false); });
    return drawAll(false);
  }

  if (typeof DecompressionStream === "undefined") {
    document.getElementById("undrawn").hidden = false;
    root.setAttribute("data-undrawn", "");
  } else {
    unpacked("plotly-script").then(start);
  }
})();
