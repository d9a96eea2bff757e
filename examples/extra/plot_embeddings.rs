//! Plots texts as points by their embeddings, which are close for similar texts.

use std::borrow::Cow;
use std::error::Error;
use std::path::{Path, PathBuf};

use mistral_sdk::Client;
use mistral_sdk::embeddings::EmbeddingRequest;
use plotters::prelude::*;

const TEXTS: [(RGBColor, &str); 6] = [
    (RED, "who painted the picture of Olympia"),
    (RED, "the picture that Manet painted"),
    (GREEN, "a recipe for soup with onions"),
    (GREEN, "onions, cheese and bread: a recipe"),
    (BLUE, "the train to Lyon leaves at noon"),
    (BLUE, "no train leaves on Sunday"),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = Client::from_env()?;

    let request = EmbeddingRequest::new("mistral-embed", TEXTS.map(|(_, text)| text));
    let response = client.embeddings().create(&request).await?;
    let points = project(&response.to_f32()?);

    let path = std::env::args().nth(1).map(PathBuf::from);
    let path = path.unwrap_or_else(|| std::env::temp_dir().join("mistral-example-points.png"));
    draw(&points, &path)?;
    println!("{}", path.display());
    Ok(())
}

fn draw(points: &[(f32, f32)], path: &Path) -> Result<(), Box<dyn Error>> {
    let picture = BitMapBackend::new(path, (400, 400)).into_drawing_area();
    picture.fill(&WHITE)?;
    let pixel = |place: f32| (200.0 + 190.0 * place) as i32;
    for ((x, y), (colour, _)) in points.iter().zip(TEXTS) {
        let place = (pixel(*x), pixel(*y));
        picture.draw(&Circle::new(place, 6, colour.filled()))?;
    }
    Ok(picture.present()?)
}

/// Projects vectors onto their two principal components.
fn project(vectors: &[Cow<'_, [f32]>]) -> Vec<(f32, f32)> {
    let products = vectors
        .iter()
        .map(|a| vectors.iter().map(|b| dot(a, b)).collect());
    let products: Vec<Vec<f32>> = products.collect();
    let level = vec![1.0; vectors.len()];
    let across = principal(&products, &[&level]);
    let down = principal(&products, &[&level, &across]);
    across.into_iter().zip(down).collect()
}

/// Returns the next principal component by power iteration.
fn principal(products: &[Vec<f32>], known: &[&[f32]]) -> Vec<f32> {
    let mut component = products.first().cloned().unwrap_or_default();
    for _ in 0..100 {
        component = products.iter().map(|row| dot(row, &component)).collect();
        for known in known {
            let part = dot(&component, known) / dot(known, known);
            for (place, known) in component.iter_mut().zip(*known) {
                *place -= part * known;
            }
        }
        let length = dot(&component, &component).sqrt();
        component.iter_mut().for_each(|value| *value /= length);
    }
    component
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
