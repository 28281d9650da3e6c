// The looks of an exported page and its one script.

enum HTMLPage {
    static let style = """
        :root{--page:#fdfdfc;--ink:#1f2328;--quiet:#6a7079;--panel:#f4f3f0;--line:#dfddd7;--accent:#0a64a4;--good:#1a7f37;--bad:#b3261e;
        --keyword:#8a2f8f;--verb:#0a58a6;--label:#7a5a00;--choice:#0b7261;--number:#a3420b;--string:#2d6a1f;--comment:#7d7f84;
        --c0:#0072b2;--c1:#d55e00;--c2:#009e73;color-scheme:light dark}
        @media (prefers-color-scheme:dark){:root{--page:#16181c;--ink:#dcdfe4;--quiet:#959ba5;--panel:#1f2228;--line:#343842;--accent:#6cb6ff;--good:#57ab5a;--bad:#f47067;
        --keyword:#d59be0;--verb:#79b8ff;--label:#e0bd66;--choice:#62cbb4;--number:#f0a070;--string:#9ad28a;--comment:#8b9099;
        --c0:#56a8e8;--c1:#f2894a;--c2:#3ecf9f}}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:1.0625rem/1.62 Charter,"Bitstream Charter","Iowan Old Style","Source Serif 4","Palatino Linotype",Georgia,serif;
        text-rendering:optimizeLegibility;font-kerning:normal}
        main,footer{max-width:46rem;margin:0 auto;padding:0 1.25rem}
        main{padding-top:3.5rem;padding-bottom:2rem}
        h1,h2,h3,h4,summary,footer,table,.controls,.numbers,figcaption,.chart text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
        h1{font-size:2rem;line-height:1.18;letter-spacing:-.018em;margin:0 0 1.4rem;text-wrap:balance}
        h2{font-size:1.3rem;line-height:1.3;letter-spacing:-.01em;margin:2.6rem 0 .8rem}
        h3{font-size:1.08rem;margin:2rem 0 .6rem}
        .cell>h2{font-size:1.02rem;font-weight:650;margin:2.4rem 0 .7rem}
        .cell>h2.params{font-size:.78rem;font-weight:600;letter-spacing:.06em;text-transform:uppercase;color:var(--quiet)}
        p,ul,ol,blockquote{margin:0 0 1.05rem}
        li{margin:.25rem 0}
        blockquote{border-left:3px solid var(--line);margin-left:0;padding-left:1rem;color:var(--quiet)}
        a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:2px}
        hr{border:0;border-top:1px solid var(--line);margin:2.2rem 0}
        img,svg{max-width:100%}
        pre,code{font-family:ui-monospace,"SF Mono",SFMono-Regular,"Cascadia Code","JetBrains Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace}
        code{font-size:.86em;background:var(--panel);border-radius:4px;padding:.1em .32em}
        pre{font-size:.84rem;line-height:1.55;margin:0;overflow-x:auto;tab-size:4}
        pre code{background:none;padding:0;font-size:inherit}
        .prose pre,pre.raw{background:var(--panel);border-radius:8px;padding:.85rem 1.05rem;margin:0 0 1.05rem}
        .cell{margin:1.1rem 0 1.5rem}
        pre.code{background:var(--panel);border-radius:8px;padding:.8rem 1.05rem;margin:.7rem 0 0}
        .output{margin:.15rem 0 .9rem;padding:.55rem 0 .1rem 1.05rem;border-left:3px solid var(--line);margin-left:.25rem}
        .output>*+*{margin-top:.7rem}
        pre.picture{font-size:.7rem;line-height:1.16;color:var(--accent)}
        pre.error{color:var(--bad);white-space:pre-wrap}
        .volatile{color:var(--quiet)}
        .s-keyword{color:var(--keyword)}.s-verb{color:var(--verb);font-weight:600}.s-function{color:var(--verb)}.s-label{color:var(--label)}.s-choice{color:var(--choice)}
        .s-number{color:var(--number)}.s-string{color:var(--string)}.s-escape{color:var(--keyword)}.s-comment{color:var(--comment);font-style:italic}.s-operator{color:var(--quiet)}
        .s-dim{color:var(--quiet)}.s-emphasis,.s-heading{font-weight:600}.s-good,.s-kept{color:var(--good)}.s-bad,.s-error{color:var(--bad)}.s-warning,.s-next{color:var(--label)}
        .s-removed{color:var(--quiet);text-decoration:line-through}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;font-size:.84rem;line-height:1.4;font-variant-numeric:tabular-nums}
        th{font-weight:600;text-align:left;border-bottom:1.5px solid var(--line);color:var(--quiet)}
        th,td{padding:.28rem 1.1rem .28rem 0;white-space:nowrap}
        td{border-bottom:1px solid color-mix(in srgb,var(--line) 55%,transparent)}
        tr:last-child td{border-bottom:0}
        .n{text-align:right}.across{color:var(--quiet);font-style:italic}
        .figure{margin:.2rem 0;background:#fff;border-radius:8px;padding:.5rem;max-width:100%;display:inline-block}
        .figure svg,.figure img{display:block;height:auto}
        .notes{margin:1.2rem 0;padding:.5rem 1rem;border:1px dashed var(--line);border-radius:8px;color:var(--quiet)}
        .notes summary,.stages summary{cursor:pointer;font-size:.8rem;color:var(--quiet)}
        .notes>:last-child{margin-bottom:.4rem}
        .timeline{margin:.2rem 0 .6rem}
        figcaption{display:flex;flex-wrap:wrap;gap:.2rem 1.1rem;font-size:.8rem;color:var(--quiet);margin-bottom:.25rem}
        figcaption span:not(.axis)::before{content:"";display:inline-block;width:.95em;height:3px;border-radius:2px;background:currentColor;vertical-align:middle;margin-right:.4em}
        figcaption .c0{color:var(--c0)}figcaption .c1{color:var(--c1)}figcaption .c2{color:var(--c2)}
        .chart{display:block;width:100%;height:auto}
        .chart text{font-size:11.5px;fill:var(--quiet);font-variant-numeric:tabular-nums}
        .chart .grid{stroke:var(--line);stroke-width:1}
        .chart .cursor{stroke:var(--quiet);stroke-width:1;stroke-dasharray:3 3;opacity:0}
        .live .cursor{opacity:1}
        .chart polyline{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
        polyline.c0{stroke:var(--c0)}polyline.c1{stroke:var(--c1)}polyline.c2{stroke:var(--c2)}
        circle.c0{fill:var(--c0)}circle.c1{fill:var(--c1)}circle.c2{fill:var(--c2)}
        circle{stroke:var(--page);stroke-width:1.4}
        .live circle.now{r:5.6px}
        .chain{display:flex;flex-wrap:wrap;gap:3px;margin:.55rem 0}
        .token{font:.8rem/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;min-width:1.5em;text-align:center;padding:0 .3em;border-radius:4px;
        background:color-mix(in srgb,var(--c2) 17%,transparent);transition:background .18s,color .18s}
        .token.gone{background:none;color:var(--quiet);text-decoration:line-through;box-shadow:inset 0 0 0 1px var(--line);opacity:.65}
        .controls{display:flex;align-items:center;gap:.5rem;margin:.5rem 0 .35rem;font-size:.84rem}
        .controls[hidden],.numbers[hidden]{display:none}
        .controls input{flex:1;min-width:6rem;accent-color:var(--accent);height:1.6rem}
        .controls output{min-width:8.2em;text-align:right;color:var(--quiet);font-variant-numeric:tabular-nums}
        button{font:inherit;color:var(--ink);background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:.12rem .6rem;cursor:pointer}
        button:hover{border-color:var(--quiet)}
        button:focus-visible,input:focus-visible,summary:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
        .numbers{display:flex;flex-wrap:wrap;gap:.3rem 1.5rem;margin:.2rem 0 .6rem;font-size:.84rem;font-variant-numeric:tabular-nums}
        .numbers div{min-width:4.5rem}
        .numbers dt{color:var(--quiet);font-size:.74rem}.numbers dd{margin:0;font-weight:600}
        .stages tr.now td{background:color-mix(in srgb,var(--accent) 12%,transparent)}
        .stages .wide{max-height:22rem;overflow:auto;margin-top:.3rem}
        footer{color:var(--quiet);font-size:.8rem;padding-top:1.2rem;padding-bottom:3rem}
        footer::before{content:"";display:block;border-top:1px solid var(--line);margin-bottom:1rem}
        @media (max-width:34rem){body{font-size:1rem}main{padding-top:2rem}h1{font-size:1.6rem}.numbers{gap:.3rem 1rem}.controls{flex-wrap:wrap}.controls output{min-width:0;flex-basis:100%;text-align:left}.chart text{font-size:19px}}
        @media print{:root{--page:#fff;--ink:#000;--panel:#f5f5f5;color-scheme:light}body{font-size:10.5pt}main,footer{max-width:none;padding:0}pre{white-space:pre-wrap;font-size:8.5pt}
        .controls,.numbers{display:none!important}.stages .wide{max-height:none}.cell,figure,tr{break-inside:avoid}h1,h2,h3{break-after:avoid}a{color:inherit}}

        """

    static let script = """
        "use strict";
        for(const figure of document.querySelectorAll(".timeline")){
        const {columns,stages}=JSON.parse(figure.querySelector("script").textContent);
        const one=s=>figure.querySelector(s),all=s=>[...figure.querySelectorAll(s)];
        const slider=one("input"),label=one("output"),numbers=one(".numbers"),play=one(".play");
        const tokens=all(".token"),rows=all(".stages tbody tr"),cursor=one(".cursor"),circles=all("circle");
        let timer=0;
        const stop=()=>{clearInterval(timer);timer=0;play.textContent="play"};
        const show=index=>{
        const stage=stages[index],gone=new Set(stage.gone);
        slider.value=index;
        label.textContent="stage "+(index+1)+" of "+stages.length;
        slider.setAttribute("aria-valuetext",stage.removed+" tokens removed");
        tokens.forEach((token,place)=>token.classList.toggle("gone",gone.has(place)));
        rows.forEach((row,place)=>row.classList.toggle("now",place===index));
        if(cursor){cursor.setAttribute("x1",stage.x);cursor.setAttribute("x2",stage.x)}
        circles.forEach(circle=>circle.classList.toggle("now",Math.abs(circle.getAttribute("cx")-stage.x)<.05));
        numbers.replaceChildren(...columns.flatMap((name,column)=>{
        if(!stage.cells[column])return [];
        const group=document.createElement("div"),term=document.createElement("dt"),value=document.createElement("dd");
        term.textContent=name;value.textContent=stage.cells[column];group.append(term,value);return group}));
        };
        const go=index=>show(Math.max(0,Math.min(stages.length-1,index)));
        slider.addEventListener("input",()=>{stop();show(+slider.value)});
        one(".earlier").addEventListener("click",()=>{stop();go(+slider.value-1)});
        one(".later").addEventListener("click",()=>{stop();go(+slider.value+1)});
        play.addEventListener("click",()=>{
        if(timer){stop();return}
        if(+slider.value===stages.length-1)show(0);
        play.textContent="pause";
        timer=setInterval(()=>{go(+slider.value+1);if(+slider.value===stages.length-1)stop()},700);
        });
        rows.forEach((row,place)=>row.addEventListener("click",()=>{stop();show(place)}));
        one(".controls").hidden=false;numbers.hidden=false;figure.classList.add("live");
        if(stages.length>12)one(".stages").open=false;
        show(0);
        }

        """
}
